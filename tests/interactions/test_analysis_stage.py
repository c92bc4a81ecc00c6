"""The analysis of archives as it is called: archives in, tables out."""

import pandas as pd
import pytest
from scored import run_score

from whypretrain.interactions import save_scores
from whypretrain.stages import interactions as analysis

pytestmark = pytest.mark.usefixtures("stages_share_a_process")


def test_tables_of_several_runs(archive, results, tmp_path) -> None:
    run_score(results, tmp_path / "1.npz", seed=1)
    analysis.main(
        ["--scores", str(results / "0.npz"), str(tmp_path / "1.npz"), "--out", str(tmp_path / "tables")]
    )
    tables = {path.stem: pd.read_csv(path) for path in (tmp_path / "tables").glob("*.csv")}
    names = {"knowledge", "salient", "sensitivity", "similarity", "dynamics", "sparsity", "matching"}
    assert set(tables) == names | {"strongest", "controls"}
    for name in names - {"controls"}:
        assert set(tables[name]["seed"]) == {0, 1}
    copied = tables["knowledge"].query("model == 'finetune'")
    assert (copied["discarded"] == 0).all()
    assert (copied["new"] == 0).all()
    assert (tables["salient"]["pre"] == tables["salient"]["pre"].round()).all()
    assert tables["controls"].query("kind == 'finetune_vs_finetune'")["share"].item() == 1


def test_variants_are_rows_of_the_sensitivity_table(archive, results, tmp_path) -> None:
    run_score(results, tmp_path / "zero.npz", baseline="zero", dynamics=[])
    inputs = ["--scores", str(results / "0.npz"), "--variant", "zero", str(tmp_path / "zero.npz")]
    analysis.main([*inputs, "--out", str(tmp_path), "--config", '{"players": [2]}'])
    table = pd.read_csv(tmp_path / "sensitivity.csv")
    assert set(table["variant"]) == {"default", "zero"}
    assert set(table.query("variant == 'zero'")["players"]) == {3}
    keys = ["model", "threshold", "normalised"]
    shares = table.query("players == 3 and model == 'scratch'").set_index(["variant", *keys])["new_share"]
    assert (shares["default"] - shares["zero"]).abs().max() > 1e-3


def test_and_or_knowledge_of_a_run(archive, results, tmp_path) -> None:
    analysis.main(
        ["--scores", str(results / "0.npz"), "--out", str(tmp_path), "--config", '{"kind": "and_or"}']
    )
    table = pd.read_csv(tmp_path / "knowledge.csv")
    assert set(table["part"]) == {"and", "or"}
    assert (table.query("model == 'finetune'")["discarded"] == 0).all()


def test_effects_can_be_counted_in_all_tables(archive, results, tmp_path) -> None:
    tables = {}
    for rule in ("effect", "count"):
        config = f'{{"rule": "{rule}", "reference": "scratch"}}'
        analysis.main(["--scores", str(results / "0.npz"), "--out", str(tmp_path / rule), "--config", config])
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
        analysis.main(
            [
                "--scores",
                str(results / "0.npz"),
                "--out",
                str(tmp_path),
                "--config",
                '{"reference": "linear"}',
            ]
        )
    assert "model 'linear' was not scored" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_analysis_needs_no_torch() -> None:
    import subprocess
    import sys

    code = "import sys, whypretrain.stages.interactions; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_scores_of_a_foreign_file_are_refused(archive, tmp_path, capsys) -> None:
    save_scores(archive, tmp_path / "0.npz")
    (tmp_path / "0.npz").write_bytes((tmp_path / "0.npz").read_bytes()[:200])
    with pytest.raises(SystemExit):
        analysis.main(["--scores", str(tmp_path / "0.npz"), "--out", str(tmp_path / "tables")])
    assert "0.npz: no readable score archive" in capsys.readouterr().err
