import dataclasses

import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.interactions import (
    dynamics_table,
    effects_of,
    interaction_similarity,
    knowledge_table,
    matching_table,
    moebius,
    scratch_ratio,
    sensitivity_table,
    similarity_table,
    sparsity_table,
    split_knowledge,
)

KEYS = ["target", "architecture", "seed"]
ROLES = {"reference": "probe", "scratch": "scratch"}
REFERENCES = {"references": ["probe"], "scratch": "scratch"}


@pytest.fixture
def effects(make_archive):
    return effects_of(make_archive())


def test_efficiency_is_checked(make_archive, monkeypatch) -> None:
    from whypretrain.interactions import effects

    monkeypatch.setattr(effects, "moebius", lambda v: moebius(v) * 1.001)
    with pytest.raises(InputError, match=r"'target': 'digits'.*effects miss"):
        effects_of(make_archive())


@pytest.mark.parametrize("normalise", [True, False])
def test_knowledge_rows_hold_the_split(effects, normalise: bool) -> None:
    table = knowledge_table(effects, **ROLES, normalise=normalise)
    parts = ["pre", "tuned", "preserved", "discarded", "new", "scratch_shared"]
    settings = ["normalised", "threshold", "order"]
    assert list(table.columns) == [*KEYS, "model", "part", "sample", *settings, *parts]
    assert sorted(table["model"].unique()) == ["finetune", "joint", "scratch"]
    split = split_knowledge(effects.of("probe"), effects.of("joint"), normalise=normalise)
    row = table.query("model == 'joint' and sample == 'b' and order == 2").iloc[0]
    assert row["preserved"] == pytest.approx(split.preserved[1, 1])
    assert row["new"] == pytest.approx(split.new[1, 1])
    ratio = scratch_ratio(*map(effects.of, ("probe", "joint", "scratch")), normalise=normalise)
    assert row["scratch_shared"] == pytest.approx(ratio.shared[1, 1])
    np.testing.assert_allclose(table["pre"], table["preserved"] + table["discarded"])


def test_without_a_scratch_model_its_column_is_empty(effects) -> None:
    assert knowledge_table(effects, reference="probe", scratch=None)["scratch_shared"].isna().all()


def test_an_unknown_reference_is_refused(effects) -> None:
    with pytest.raises(InputError, match=r"model 'probes' was not scored .* scored are probe, finetune"):
        knowledge_table(effects, reference="probes", scratch=None)


def test_a_model_without_change_is_undefined_when_normalised(make_archive) -> None:
    archive = make_archive()
    archive.scores[1, :, -1] = archive.scores[1, :, 0]
    effects = effects_of(archive)
    tuned = knowledge_table(effects, **ROLES).query("model == 'finetune'")
    assert tuned["tuned"].isna().all()
    assert knowledge_table(effects, **ROLES, normalise=False).notna().all(axis=None)
    table = sensitivity_table(effects, **REFERENCES, thresholds=[0.05]).query("model == 'finetune' and normalised")
    assert table["preserve_share"].isna().all()


def test_sensitivity_shares_are_the_totals_of_the_split(effects) -> None:
    table = sensitivity_table(
        effects, references=["probe", "scratch"], scratch="scratch", thresholds=[0, 0.3], players=[3]
    )
    assert len(table) == 2 * 2 * 2 * 2 * 3  # players, references, thresholds, normalised, models
    row = table.query(
        "model == 'finetune' and reference == 'probe' and players == 4 and threshold == 0.3 and normalised"
    )
    models = map(effects.of, ("probe", "finetune", "scratch"))
    pretrained, tuned, scratch = models
    split = split_knowledge(pretrained, tuned, threshold=0.3)
    assert row["preserve_share"].item() == pytest.approx(split.preserve_share())
    assert row["new_share"].item() == pytest.approx(split.new_share())
    ratio = scratch_ratio(pretrained, tuned, scratch, threshold=0.3)
    assert row["scratch_ratio"].item() == pytest.approx(ratio.total(), nan_ok=True)


def test_fewer_players_are_the_game_in_which_the_others_are_shown(make_archive) -> None:
    archive = make_archive()
    smaller = effects_of(archive).restricted(3)
    np.testing.assert_allclose(smaller.models, moebius(archive.scores[..., 8:]))


def test_samples_without_salient_effects_are_counted(make_archive) -> None:
    archive = make_archive()
    archive.scores[0, 1] = 2.0  # the probe says the same whatever is shown of sample b
    table = sensitivity_table(effects_of(archive), **REFERENCES, thresholds=[0.05])
    assert (table["n_undefined"] == 1).all()


def test_similarity_ends_at_one_and_is_the_mean_over_samples(effects) -> None:
    table = similarity_table(effects)
    assert list(table.columns) == [*KEYS, "method", "step", "group", "similarity", "n_undefined"]
    np.testing.assert_allclose(table.query("step == 9")["similarity"], 1)
    expected = interaction_similarity(effects.checkpoints[1], effects.of("finetune")[:2]).mean()
    row = table.query("method == 'finetune' and step == 5 and group == 'all'")
    assert row["similarity"].item() == pytest.approx(expected)


def test_dynamics_summarise_each_curve(effects) -> None:
    table = dynamics_table(similarity_table(effects))
    assert len(table) == 2 * 4
    assert table["area"].between(0, 1).all()
    assert (table["step_to_0.9"] == 9).all()


def test_a_run_without_checkpoints_has_no_similarity(make_archive) -> None:
    archive = make_archive(checkpoints=[])
    empty = dataclasses.replace(archive, checkpoint_scores=archive.checkpoint_scores[:0])
    table = similarity_table(effects_of(empty))
    assert len(table) == len(dynamics_table(table)) == 0


def test_sparsity_curves_fall_from_one(effects) -> None:
    table = sparsity_table(effects, points=11)
    for _, curve in table.groupby("model"):
        strengths = curve.sort_values("rank_fraction")["strength"]
        assert strengths.iloc[0] == 1
        assert strengths.is_monotonic_decreasing


def test_all_effects_rebuild_the_scores_and_fewer_do_so_less_well(effects) -> None:
    table = matching_table(effects, thresholds=[0, 0.2, 0.5])
    errors = table.pivot(index="model", columns="threshold", values="matching_error")
    np.testing.assert_allclose(errors[0], 0, atol=1e-12)
    assert (errors[0.5] > 0.01).all()
    counts = table.pivot(index="model", columns="threshold", values="salient_per_sample")
    assert (counts[0] > counts[0.2]).all()
    assert (counts[0.2] > counts[0.5]).all()


def or_game(*players: int) -> np.ndarray:
    """1 where any of the players is present, of 4."""
    return (np.arange(16) & sum(1 << player for player in players) > 0).astype(np.float32)


def test_and_or_effects_count_an_or_once(make_archive) -> None:
    archive = make_archive()
    scores = np.broadcast_to(2 * or_game(0, 1, 2), (5, 3, 16)).copy()
    both = effects_of(dataclasses.replace(archive, scores=scores), kind="and_or")
    assert both.parts == ["and", "or"]
    assert both.models.shape == (5, 6, 16)
    np.testing.assert_allclose(both.models[:, :3], 0, atol=1e-4)
    np.testing.assert_allclose(both.models[:, 3:, 7], 2, atol=1e-4)
    assert (effects_of(dataclasses.replace(archive, scores=scores)).models != 0).sum() > 5 * 6


def test_and_or_knowledge_is_normalised_by_the_whole_game(make_archive) -> None:
    archive = make_archive()
    archive.scores[:, :, :] = 2 * or_game(0, 1, 2) + 3 * (np.arange(16) == 15)
    table = knowledge_table(effects_of(archive, kind="and_or"), **ROLES, threshold=0.01)
    assert len(table) == 3 * 2 * 3 * 4
    rows = table.query("model == 'finetune' and sample == 'a'").set_index(["part", "order"])["tuned"]
    assert rows["or", 3] == pytest.approx(2 / 5, abs=1e-3)  # v(N) - v(empty) = 5
    assert rows["and", 4] == pytest.approx(3 / 5, abs=1e-3)


def test_an_unknown_kind_of_effects_is_refused(make_archive) -> None:
    with pytest.raises(InputError, match="kind 'xor' are unknown: use and or and_or"):
        effects_of(make_archive(), kind="xor")  # type: ignore[arg-type]


def test_fewer_players_of_an_and_or_split_are_split_anew(make_archive) -> None:
    few = effects_of(make_archive(), kind="and_or").restricted(2)
    assert few.models.shape == (5, 6, 4)
    assert few.archive.scores.shape == (5, 3, 4)
