import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.interactions import (
    controls_table,
    effects_of,
    moebius,
    scratch_ratio,
    split_knowledge,
    strongest_table,
)
from whypretrain.interactions.controls import mean_by_order

ROLES = {"reference": "probe", "finetune": "finetune", "scratch": "scratch"}


@pytest.fixture
def runs(make_archive):
    return [effects_of(make_archive(seed)) for seed in range(3)]


def test_every_kind_of_pair_is_there(runs) -> None:
    counts = controls_table(runs, **ROLES, pairs=[("finetune", "joint"), ("finetune", "absent")])["kind"].value_counts()
    within = ("self", "other_image", "probe_vs_reinitialised", "finetune_vs_scratch", "finetune_vs_joint")
    assert counts.to_dict() == dict.fromkeys((*within, "finetune_vs_finetune", "scratch_vs_scratch"), 3)


@pytest.mark.parametrize(
    ("without", "kinds"),
    [
        ("reference", {"finetune_vs_scratch", "finetune_vs_finetune", "scratch_vs_scratch"}),
        ("finetune", {"self", "probe_vs_reinitialised", "scratch_vs_scratch"}),
        ("scratch", {"self", "other_image", "probe_vs_reinitialised", "finetune_vs_finetune"}),
    ],
)
def test_without_a_role_its_pairs_are_left_out(runs, without: str, kinds: set[str]) -> None:
    table = controls_table(runs, **{**ROLES, without: None})
    assert set(table["kind"]) == kinds
    assert table["of_preserved"].isna().all() == (without != "scratch")


def test_a_model_keeps_all_of_itself(runs) -> None:
    same = controls_table(runs, **ROLES).query("kind == 'self'")
    assert (same[["share", "new_share", "similarity"]] == [1, 0, 1]).all(axis=None)


def test_two_seeds_are_compared_on_equal_images(runs) -> None:
    row = controls_table(runs, **ROLES).query("kind == 'scratch_vs_scratch' and seed_a == 0 and seed_b == 2")
    split = split_knowledge(runs[0].of("scratch"), runs[2].of("scratch"))
    assert row["share"].item() == pytest.approx(split.preserve_share())
    assert row["new_share"].item() == pytest.approx(split.new_share())


def test_every_pair_tells_what_it_has_of_the_preserved(runs) -> None:
    table = controls_table(runs, **ROLES).query("seed_a == 1").set_index("kind")["of_preserved"]
    ratio = scratch_ratio(*map(runs[1].of, ("probe", "finetune", "scratch"))).total()
    assert table["finetune_vs_scratch"] == pytest.approx(float(ratio))
    assert table["self"] == pytest.approx(1)
    assert table["probe_vs_reinitialised"] < 1


def test_seeds_scored_on_other_players_are_refused(make_archive) -> None:
    runs = [effects_of(make_archive(0)), effects_of(make_archive(1, samples=["a", "b", "d"]))]
    with pytest.raises(InputError, match="samples, labels, players or coalitions differ"):
        controls_table(runs, **ROLES)


def test_other_targets_are_never_compared(make_archive) -> None:
    runs = [effects_of(make_archive(0)), effects_of(make_archive(1, target="letters", samples=["x", "y", "z"]))]
    assert "finetune_vs_finetune" not in set(controls_table(runs, **ROLES)["kind"])


def test_the_strongest_effects_of_each_kind(runs) -> None:
    effects = runs[0]
    table = strongest_table(effects, reference="probe", threshold=0, normalise=False, top=2)
    assert (table["effect"] != 0).all()
    a, b = effects.of("probe")[1].copy(), effects.of("joint")[1].copy()
    a[0] = b[0] = 0
    kept = np.where(a * b > 0, np.sign(a) * np.minimum(np.abs(a), np.abs(b)), 0)
    rows = table.query("model == 'joint' and sample == 'b'").set_index(["kind", "rank"])
    for kind, part in (("preserved", kept), ("discarded", a - kept), ("new", b - kept)):
        best = int(np.abs(part).argmax())
        assert rows.loc[(kind, 1), "coalition"] == best
        assert rows.loc[(kind, 1), "effect"] == pytest.approx(part[best])
        assert rows.loc[(kind, 1), "order"] == best.bit_count()


def test_hiding_players_is_read_off_the_scores(runs) -> None:
    archive = runs[0].archive
    row = (
        strongest_table(runs[0], reference="probe")
        .query("model == 'joint' and sample == 'b' and kind == 'new' and rank == 1")
        .iloc[0]
    )
    scores, mask = archive.scores[archive.models.index("joint"), 1].astype(float), row["coalition"]
    assert row["change"] == pytest.approx(abs(scores[15] - scores[15 ^ mask]))
    alike = [s for s in range(16) if s.bit_count() == row["order"]]
    assert row["random_change"] == pytest.approx(np.mean([abs(scores[15] - scores[15 ^ s]) for s in alike]))


def test_mean_by_order() -> None:
    np.testing.assert_allclose(mean_by_order(np.arange(8.0)), [0, 7 / 3, 7 / 3, 14 / 3, 7 / 3, 14 / 3, 14 / 3, 7])


def test_an_effect_that_all_models_share_is_the_strongest_preserved(make_archive) -> None:
    archive = make_archive()
    archive.scores[:, :, 0b0110 & np.arange(16) == 0b0110] += 50
    table = strongest_table(effects_of(archive), reference="probe", top=1).query("kind == 'preserved'")
    assert (table["coalition"] == 0b0110).all()
    assert np.abs(moebius(archive.scores)[..., 0b0110]).min() > 40
