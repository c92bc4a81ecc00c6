import dataclasses

import numpy as np
import pytest

from whypretrain.errors import InputError
from whypretrain.interactions import agreement, agreement_path_table, agreement_table, commonality, commonality_table
from whypretrain.interactions.elsewhere import agreement_elsewhere

ROLES = {"reference": "probe", "finetune": "finetune", "scratch": "scratch"}


@pytest.fixture
def runs(make_archive):
    return [make_archive(seed) for seed in range(3)]


def scores(run, model: str) -> np.ndarray:
    return run.scores[run.models.index(model)]


def test_every_kind_of_pair_is_there(runs) -> None:
    pairs = [("finetune", "joint"), ("finetune", "scratch"), ("finetune", "absent")]
    table = agreement_table(runs, **ROLES, pairs=pairs)
    counts = table.query("degree == 'all'")["kind"].value_counts()
    of_reference = [f"probe_vs_{model}" for model in ("finetune", "scratch", "joint", "reinitialised")]
    within = ["self", "other_image", *of_reference, "finetune_vs_scratch", "finetune_vs_joint"]
    assert counts.to_dict() == dict.fromkeys([*within, "finetune_vs_finetune", "scratch_vs_scratch"], 3)
    assert len(table) == 30 * 5
    keys = ["kind", "target", "architecture", "seed_a", "seed_b", "a", "b", "degree"]
    assert list(table.columns) == [*keys, "agreement", "low", "high", "n_undefined", "kept", "new"]


def test_rows_hold_the_agreement_of_their_pair(runs) -> None:
    table = agreement_table(runs, **ROLES).set_index(["kind", "seed_a", "seed_b", "degree"])
    found = agreement(scores(runs[1], "probe"), scores(runs[1], "joint"))
    row = table.loc[("probe_vs_joint", 1, 1, "2")]
    assert (row["a"], row["b"]) == ("probe", "joint")
    expected = [found.by_degree[1], found.low[1], found.high[1], found.kept[1], found.new[1]]
    np.testing.assert_allclose(row[["agreement", "low", "high", "kept", "new"]].astype(float), expected)
    total = table.loc[("probe_vs_joint", 1, 1, "all")]
    np.testing.assert_allclose(total[["agreement", "low"]].astype(float), [found.all, found.all_low])
    assert total["kept"] == pytest.approx(max(0, float(found.all)) ** 2)
    seeds = agreement(scores(runs[0], "scratch"), scores(runs[2], "scratch")).by_degree[0]
    assert table.loc[("scratch_vs_scratch", 0, 2, "1"), "agreement"] == pytest.approx(seeds)
    other = agreement_elsewhere(scores(runs[0], "probe"), scores(runs[0], "finetune")).by_degree[0]
    assert table.loc[("other_image", 0, 0, "1"), "agreement"] == pytest.approx(other)
    assert (table.xs("self")["agreement"] == 1).all()


def test_roles_are_not_names(runs) -> None:
    table = agreement_table(runs[:1], reference="joint", finetune="scratch", scratch="probe")
    assert {"joint_vs_probe", "scratch_vs_probe", "joint_vs_reinitialised"} < set(table["kind"])
    few = agreement_table(runs[:1], reference="joint", finetune="none", scratch="none")
    assert set(few["kind"]) == {"self", *(f"joint_vs_{m}" for m in ("probe", "finetune", "scratch", "reinitialised"))}


def test_one_sample_has_no_other_image(make_archive) -> None:
    archive = make_archive(samples=["a"], labels=[0])
    single = dataclasses.replace(archive, scores=archive.scores[:, :1], owner=archive.owner[:1])
    table = agreement_table([single], **ROLES)
    assert "other_image" not in set(table["kind"])
    assert table["agreement"].notna().all()
    assert table["low"].isna().all()


def test_runs_that_do_not_fit_are_refused(make_archive) -> None:
    with pytest.raises(InputError, match="samples, labels, players or coalitions differ"):
        agreement_table([make_archive(0), make_archive(1, samples=["a", "b", "d"])], **ROLES)
    for table in (
        lambda: agreement_table([make_archive()], reference="none", finetune="finetune", scratch="scratch"),
        lambda: agreement_path_table(make_archive(), reference="none"),
        lambda: commonality_table(make_archive(), reference="none", scratch="scratch"),
    ):
        with pytest.raises(InputError, match=r"model 'none' was not scored for .*: scored are probe, finetune"):
            table()


def test_other_targets_are_never_compared(make_archive) -> None:
    runs = [make_archive(0), make_archive(1, target="letters", samples=["x", "y", "z"])]
    assert "finetune_vs_finetune" not in set(agreement_table(runs, **ROLES)["kind"])


def test_games_of_other_sizes_stand_in_one_table(make_archive) -> None:
    small = make_archive(1, target="letters")
    small = dataclasses.replace(small, scores=small.scores[..., 8:])
    table = agreement_table([make_archive(0), small], **ROLES)
    assert sorted(table.query("target == 'letters'")["degree"].unique()) == ["1", "2", "3", "all"]
    assert sorted(table.query("target == 'digits'")["degree"].unique()) == ["1", "2", "3", "4", "all"]


def test_the_path_ends_at_the_final_model(runs) -> None:
    table = agreement_path_table(runs[0], reference="probe")
    keys = ["target", "architecture", "seed", "method", "step", "towards", "degree"]
    assert list(table.columns) == [*keys, "agreement", "low", "high", "n_undefined"]
    assert len(table) == 6 * 2 * 5
    np.testing.assert_allclose(table.query("step == 9 and towards == 'final'")["agreement"], 1)
    row = table.query("method == 'scratch' and step == 5 and towards == 'pretrained' and degree == '1'")
    found = agreement(runs[0].checkpoint_scores[4], scores(runs[0], "probe")[:2])
    assert row["agreement"].item() == pytest.approx(found.by_degree[0])
    row = table.query("method == 'finetune' and step == 0 and towards == 'final' and degree == 'all'")
    found = agreement(runs[0].checkpoint_scores[0], scores(runs[0], "finetune")[:2])
    assert row["agreement"].item() == pytest.approx(float(found.all))


def test_a_run_without_checkpoints_has_no_path(make_archive) -> None:
    archive = make_archive(checkpoints=[])
    empty = dataclasses.replace(archive, checkpoint_scores=archive.checkpoint_scores[:0])
    table = agreement_path_table(empty, reference="probe")
    assert len(table) == 0
    assert "agreement" in table


def test_commonality_rows_hold_the_parts(runs) -> None:
    table = commonality_table(runs[0], reference="probe", scratch="scratch")
    assert list(table["model"].unique()) == ["finetune", "joint"]
    found = commonality(*(scores(runs[0], model) for model in ("joint", "probe", "scratch")))
    rows = table.query("model == 'joint'").set_index("degree")
    for name in ("unique_pretrained", "unique_scratch", "common", "new", "r2_both", "n_undefined"):
        assert rows.loc["3", name] == pytest.approx(getattr(found, name)[2])
        assert rows.loc["all", name] == pytest.approx(float(getattr(found.all, name)))
    total = table[["unique_pretrained", "unique_scratch", "common", "new"]].sum(axis=1)
    np.testing.assert_allclose(total, 1)


def test_without_a_scratch_model_there_is_no_commonality(runs) -> None:
    assert len(commonality_table(runs[0], reference="probe", scratch="none")) == 0
