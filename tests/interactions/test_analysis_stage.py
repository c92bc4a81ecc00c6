"""The analysis of archives as it is called: archives in, tables out."""

import json
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pytest
from scored import run_score

from whypretrain.config.parts import Role
from whypretrain.interactions import ScoreArchive, save_scores
from whypretrain.interactions.analysis import Analysis, tables_of
from whypretrain.interactions.registry import TABLES
from whypretrain.stages import interactions as analysis
from whypretrain.stages.interactions import Config

pytestmark = pytest.mark.usefixtures("stages_share_a_process")
ROLES = {Role.REFERENCE: "probe", Role.FINETUNE: "finetune", Role.SCRATCH: "scratch"}


def analyse(scores, out, *more: str, **config) -> None:
    settings = json.dumps({"roles": ROLES, **config})
    analysis.main(["--scores", *map(str, scores), "--out", str(out), "--config", settings, *more])


def test_tables_of_several_runs(archive, results, tmp_path) -> None:
    run_score(results, tmp_path / "1.npz", seed=1)
    analyse([results / "0.npz", tmp_path / "1.npz"], tmp_path / "tables")
    tables = {path.stem: pd.read_csv(path) for path in (tmp_path / "tables").glob("*.csv")}
    names = {"knowledge", "salient", "sensitivity", "similarity", "dynamics", "sparsity", "matching"}
    names |= {"agreement_dynamics", "commonality", "permutation_null"}
    assert set(tables) == set(TABLES) == names | {"strongest", "controls", "agreement"}
    for name in names - {"controls"}:
        assert set(tables[name]["seed"]) == {0, 1}
    copied = tables["knowledge"].query("model == 'finetune'")
    assert (copied["discarded"] == 0).all()
    assert (copied["new"] == 0).all()
    assert (tables["salient"]["pre"] == tables["salient"]["pre"].round()).all()
    assert tables["controls"].query("kind == 'finetune_vs_finetune'")["share"].item() == 1
    degrees = len({"1", "2", "3", "all"})
    pairs = 2 * len({"self", "other image", "probe, finetune", "probe, scratch", "probe, redrawn", "finetune, scratch"})
    assert len(tables["agreement"]) == degrees * (pairs + len({"finetune, two seeds", "scratch, two seeds"}))
    copied = tables["agreement"].query("kind in ['probe_vs_finetune', 'self'] and degree == 'all'")
    assert (copied["agreement"] == 1).all()
    assert (copied["new"] == 0).all()
    assert len(tables["commonality"]) == 2 * degrees
    steps = len(tables["similarity"][["seed", "method", "step"]].drop_duplicates())
    assert len(tables["agreement_dynamics"]) == degrees * 2 * steps
    shares = len({"of finetune", "of scratch", "of redrawn", "r", "scratch of kept", "redrawn of kept"})
    assert len(tables["permutation_null"]) == 2 * degrees * shares


def test_variants_are_rows_of_the_sensitivity_table(archive, results, tmp_path) -> None:
    run_score(results, tmp_path / "zero.npz", baseline="zero", dynamics=[])
    analyse([results / "0.npz"], tmp_path, "--variant", "zero", str(tmp_path / "zero.npz"), players=[2])
    table = pd.read_csv(tmp_path / "sensitivity.csv")
    assert set(table["variant"]) == {"default", "zero"}
    assert set(table.query("variant == 'zero'")["players"]) == {3}
    keys = ["model", "threshold", "normalised"]
    shares = table.query("players == 3 and model == 'scratch'").set_index(["variant", *keys])["new_share"]
    assert (shares["default"] - shares["zero"]).abs().max() > 1e-3


def test_and_or_knowledge_of_a_run(archive, results, tmp_path) -> None:
    analyse([results / "0.npz"], tmp_path, kind="and_or")
    table = pd.read_csv(tmp_path / "knowledge.csv")
    assert set(table["part"]) == {"and", "or"}
    assert (table.query("model == 'finetune'")["discarded"] == 0).all()


def test_effects_can_be_counted_in_all_tables(archive, results, tmp_path) -> None:
    tables = {}
    for rule in ("effect", "count"):
        analyse([results / "0.npz"], tmp_path / rule, rule=rule, roles={"reference": "scratch"})
        tables[rule] = {path.stem: pd.read_csv(path) for path in (tmp_path / rule).glob("*.csv")}
    effect, count = tables["effect"], tables["count"]
    kept = count["knowledge"]["preserved"]
    assert (kept == kept.round()).all()
    assert (effect["knowledge"]["preserved"] != kept).any()
    for name, share in {"sensitivity": "preserve_share", "controls": "share"}.items():
        assert (effect[name][share] - count[name][share]).abs().max() > 1e-3
    pd.testing.assert_frame_equal(effect["salient"], count["salient"])


def test_the_analysis_refuses_a_missing_reference(archive, results, tmp_path, capsys) -> None:
    with pytest.raises(SystemExit):
        analyse([results / "0.npz"], tmp_path, roles={"reference": "linear"})
    assert "model 'linear' was not scored" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("module", "heavy"),
    [("stages.interactions", {"torch"}), ("interactions.registry", {"torch", "pandas", "matplotlib"})],
)
def test_what_is_read_early_loads_little(module: str, heavy: set[str]) -> None:
    code = f"import sys, whypretrain.{module}; sys.exit(bool({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def analysed(archives: list[ScoreArchive], roles: dict[Role, str]) -> dict[str, pd.DataFrame]:
    options = Config().plain()
    return tables_of(Analysis(archives, roles, options))


def named(archive: ScoreArchive, names: dict[str, str]) -> ScoreArchive:
    """The archive of the models in `names`, under these names."""
    entries = archive.about["models"]
    rows = [row for row, entry in enumerate(entries) if entry["name"] in names]
    models = [{**entries[row], "name": names[entries[row]["name"]]} for row in rows]
    steps = [row for row, entry in enumerate(archive.about["checkpoints"]) if entry["name"] in names]
    checkpoints = [archive.about["checkpoints"][row] for row in steps]
    checkpoints = [{**entry, "name": names[entry["name"]]} for entry in checkpoints]
    about = {**archive.about, "models": models, "checkpoints": checkpoints}
    return replace(
        archive, scores=archive.scores[rows], checkpoint_scores=archive.checkpoint_scores[steps], about=about
    )


def test_models_of_one_letter_give_the_same_tables(make_archive) -> None:
    letters = {"probe": "a", "finetune": "b", "scratch": "c", "joint": "d", "reinitialised": "reinitialised"}
    archives = [make_archive(seed) for seed in range(2)]
    before = analysed(archives, ROLES)
    after = analysed([named(one, letters) for one in archives], {role: letters[ROLES[role]] for role in ROLES})
    assert list(before) == list(after) == list(TABLES)
    for name, table in before.items():
        for column in {"model", "method", "reference", "kind", "a", "b"} & set(table):
            table[column] = [
                "_vs_".join(letters.get(part, part) for part in value.split("_vs_")) for value in table[column]
            ]
        pd.testing.assert_frame_equal(after[name], table)


@pytest.mark.parametrize(
    ("methods", "left_out"),
    [
        (["probe"], {"knowledge", "salient", "sensitivity", "strongest", "commonality", "permutation_null"}),
        (
            ["finetune", "scratch"],
            {"knowledge", "salient", "sensitivity", "strongest", "commonality", "permutation_null"},
        ),
        (["probe", "joint"], {"commonality"}),
        (["probe", "scratch"], set()),
    ],
)
def test_any_models_have_the_tables_of_their_roles(make_archive, methods: list[str], left_out: set[str]) -> None:
    archives = [named(make_archive(seed), {name: name for name in methods}) for seed in range(2)]
    found = analysed(archives, {role: name for role, name in ROLES.items() if name in methods})
    assert set(found) == set(TABLES) - left_out
    assert set(found["sparsity"]["model"]) == set(methods)
    kinds, towards = set(found["agreement"]["kind"]), set(found["agreement_dynamics"]["towards"])
    assert {name for kind in kinds - {"self", "other_image"} for name in kind.split("_vs_")} <= set(methods)
    assert ("self" in kinds) == ("probe" in methods)
    assert towards <= ({"final", "pretrained"} if "probe" in methods else {"final"})
    if methods == ["probe", "joint"]:
        assert found["knowledge"]["scratch_shared"].isna().all()
        assert set(found["controls"]["kind"]) == {"self"}
        assert set(found["permutation_null"]["measure"]) == {"share"}
    if methods == ["probe", "scratch"]:
        assert len(found["commonality"]) == 0


def test_scores_of_a_foreign_file_are_refused(archive, tmp_path, capsys) -> None:
    save_scores(archive, tmp_path / "0.npz")
    (tmp_path / "0.npz").write_bytes((tmp_path / "0.npz").read_bytes()[:200])
    with pytest.raises(SystemExit):
        analyse([tmp_path / "0.npz"], tmp_path / "tables")
    assert "0.npz: no readable score archive" in capsys.readouterr().err
