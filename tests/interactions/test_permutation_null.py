import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.interactions import (
    effects_of,
    knowledge_table,
    moebius,
    null_table,
    orders,
    permutation_null,
    scratch_ratio,
    sensitivity_table,
    split_knowledge,
)
from whypretrain.interactions.null import _permutations

A, B, C = moebius(np.random.default_rng(0).normal(size=(3, 6, 64)))
ROLES = {"reference": "probe", "finetune": "finetune", "scratch": "scratch"}


@pytest.mark.parametrize("rule", ["effect", "set", "count"])
@pytest.mark.parametrize("normalise", [True, False])
def test_the_measured_share_is_that_of_the_split(rule, normalise: bool) -> None:
    chosen = {"threshold": 0.1, "normalise": normalise, "rule": rule}
    split, ratio = split_knowledge(A, B, **chosen), scratch_ratio(A, B, C, **chosen)
    share = permutation_null(A, B, permutations=2, **chosen).measured
    assert share[-1] == pytest.approx(float(split.preserve_share()))
    np.testing.assert_allclose(share[:-1], split.preserve_share(per_order=True))
    shared = permutation_null(A, B, C, permutations=2, **chosen).measured
    assert shared[-1] == pytest.approx(float(ratio.total()))
    np.testing.assert_allclose(shared[:-1], ratio.per_order())


def test_permutations_keep_sizes_and_differ_by_sample_and_draw() -> None:
    found = _permutations(6, 5, 40, 0, 0)
    assert (np.sort(found, axis=-1) == np.arange(64)).all()
    assert (orders(6)[found] == orders(6)).all()
    assert (found[0] != found[1]).any()
    assert (found[0, 0] != found[0, 1]).any()
    moved = found[..., orders(6) == 1]
    counts = np.array([(moved == 1 << player).sum(axis=(0, 1)) for player in range(6)])
    assert np.abs(counts / 200 - 1 / 6).max() < 0.11  # each is as likely anywhere


def test_one_draw_is_the_share_of_the_permuted_effects() -> None:
    which = _permutations(6, 6, 3, 7, 0)
    null = permutation_null(A, B, permutations=3, seed=7)
    for draw in range(3):
        permuted = np.take_along_axis(B, which[draw], axis=1)
        assert null.draws[draw, -1] == pytest.approx(float(split_knowledge(A, permuted).preserve_share()))
        by_scratch = permutation_null(A, C, B, permutations=3, seed=7).draws[draw, -1]
        assert by_scratch == pytest.approx(float(scratch_ratio(A, C, permuted).total()))


def test_unrelated_effects_lie_within_their_null() -> None:
    random, inside = np.random.default_rng(1), []
    for _ in range(100):
        a, b = random.normal(size=(2, 10, 32))
        null = permutation_null(a, b, normalise=False, permutations=99)
        low, high = null.bounds()
        inside.append(low[-1] <= null.measured[-1] <= high[-1])
    assert np.mean(inside) > 0.9


def test_the_mean_of_the_null_is_the_share_of_unrelated_models() -> None:
    random, apart = np.random.default_rng(2), []
    for _ in range(100):
        a, b = moebius(random.normal(size=(2, 10, 32)))
        null = permutation_null(a, b, permutations=20)
        apart.append(null.measured[:4] - null.mean[:4])
    assert 0 < null.mean[-1] < 1
    assert np.abs(np.mean(apart, axis=0) / (np.std(apart, axis=0) / 10)).max() < 4
    assert np.abs(np.mean(apart, axis=0)).max() < 0.02


def test_a_related_model_lies_above_its_null() -> None:
    null = permutation_null(A, A + 0.3 * B)
    low, high = null.bounds()
    assert null.measured[-1] > high[-1] > null.mean[-1] > low[-1] > 0
    assert null.p_value[-1] == 1 / 101
    assert null.p_value[5] == 1  # one subset of all players: nothing to permute
    assert null.measured[5] == pytest.approx(null.mean[5])


def test_the_seed_decides_the_permutations_whatever_fits_into_memory(monkeypatch) -> None:
    first = permutation_null(A, B, permutations=20, seed=3)
    np.testing.assert_array_equal(permutation_null(A, B, permutations=20, seed=3).draws, first.draws)
    assert (permutation_null(A, B, permutations=20, seed=4).draws != first.draws).any()
    monkeypatch.setattr("whypretrain.interactions.null.AT_ONCE", 3 * A.size)
    assert permutation_null(A, B, permutations=20, seed=3).draws.shape == (20, 7)


def test_effects_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InputError, match=r"fine-tuned: effects have shape \(5, 64\), .* \(6, 64\)"):
        permutation_null(A, B[:5])
    with pytest.raises(InputError, match=r"scratch: effects have shape \(6, 32\)"):
        permutation_null(A, B, C[:, :32])
    with pytest.raises(InputError, match=r"pre-trained: effects have shape \(1, 6, 64\)"):
        permutation_null(A[None], B[None])
    with pytest.raises(InputError, match="permutations 0: give at least 1"):
        permutation_null(A, B, permutations=0)
    with pytest.raises(InputError, match=r"fine-tuned: .* cannot be normalised"):
        permutation_null(A, np.zeros_like(B))
    with pytest.raises(InputError, match="rule 'sum' is unknown"):
        permutation_null(A, B, rule="sum")  # type: ignore[arg-type]


def test_the_table_has_every_share_of_the_run(make_archive) -> None:
    effects = effects_of(make_archive())
    table = null_table(effects, **ROLES, permutations=19)
    total = table.query("order == 'all'").set_index(["model", "measure"])
    models = {measure: set(rows.index.get_level_values("model")) for measure, rows in total.groupby("measure")}
    assert models == {
        "share": {"finetune", "scratch", "joint", "reinitialised"},
        "scratch_ratio": {"finetune", "joint"},
        "of_preserved": {"scratch", "joint", "reinitialised"},
    }
    assert set(table["order"]) == {"1", "2", "3", "4", "all"}
    sums = (
        knowledge_table(effects, reference="probe", scratch="scratch")
        .groupby("model")[["preserved", "pre", "scratch_shared"]]
        .sum()
    )
    totals = (
        sensitivity_table(effects, references=["probe"], scratch="scratch", thresholds=[0.05])
        .query("normalised")
        .set_index("model")
    )
    for model in ("finetune", "joint"):
        assert total.loc[(model, "share"), "measured"] == pytest.approx(totals.loc[model, "preserve_share"])
        ratio = sums.loc[model, "scratch_shared"] / sums.loc[model, "preserved"]
        assert total.loc[(model, "scratch_ratio"), "measured"] == pytest.approx(ratio)
    same = total.loc[("scratch", "of_preserved")], total.loc[("finetune", "scratch_ratio")]
    assert same[0]["chance"] == same[1]["chance"]  # of the same models under the same permutations
    assert (table["chance_low"].fillna(0) <= table["chance"].fillna(0) + 1e-12).all()
    assert list(table.columns[:3]) == ["target", "architecture", "seed"]


def test_roles_are_not_names(make_archive) -> None:
    effects = effects_of(make_archive())
    swapped = null_table(effects, reference="joint", finetune="scratch", scratch="probe", permutations=9)
    share = swapped.query("model == 'probe' and measure == 'share' and order == 'all'")["measured"].item()
    assert share == pytest.approx(float(split_knowledge(effects.of("joint"), effects.of("probe")).preserve_share()))
    only = null_table(effects, reference="probe", finetune="none", scratch="none", permutations=9)
    assert set(only["measure"]) == {"share"}
    with pytest.raises(InputError, match="model 'none' was not scored"):
        null_table(effects, reference="none", finetune="finetune", scratch="scratch")


def test_and_or_effects_are_permuted_within_their_part(make_archive) -> None:
    table = null_table(effects_of(make_archive(), kind="and_or"), **ROLES, permutations=9)
    assert table.query("order == 'all'")["measured"].notna().all()


def test_a_model_that_cannot_be_normalised_is_undefined(make_archive) -> None:
    archive = make_archive()
    archive.scores[1, :, -1] = archive.scores[1, :, 0]
    table = null_table(effects_of(archive), **ROLES, permutations=9)
    rows = table.query("model == 'finetune'")
    assert rows[["measured", "chance", "chance_low", "chance_high", "p_value"]].isna().all(axis=None)
    assert table.query("model == 'joint' and measure == 'share'")["chance"].notna().all()
