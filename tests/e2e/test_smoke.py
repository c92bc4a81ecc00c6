"""The whole workflow on a small experiment: what it makes, whether its numbers are plausible, what reruns when."""

import json
import re

import numpy as np
import pandas as pd
import pytest
import yaml

from whypretrain.provenance import CARDS, card_of, fault
from whypretrain.runtime.files import read_json, sha256

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results(smoke):
    return smoke.folder / "results/smoke"


@pytest.fixture(scope="module")
def config(smoke):
    """The default config; the smoke experiment trains by the same methods."""
    return yaml.safe_load((smoke.folder / "config/default.yaml").read_text())


def layers(results):
    return pd.concat([pd.read_csv(file) for file in results.glob("invariances/*/*/*/layers.csv")])


def test_fine_tuning_beats_training_from_scratch(results):
    accuracy = pd.read_csv(results / "train/runs.csv").groupby("method")["accuracy"].mean()
    assert accuracy["finetune"] > accuracy["scratch"] + 0.05
    assert accuracy["probe"] > 0.3  # ten classes: far above chance


def test_effects_add_up_to_the_score_difference(results):
    """Efficiency: the AND effects of all coalitions but the empty one sum to v(all) - v(none)."""
    from whypretrain.interactions import load_scores, moebius

    for file in results.glob("interactions/*/*/*.npz"):
        v = load_scores(file).scores.astype(np.float64)
        effects = moebius(v)
        gap = effects[..., 1:].sum(-1) - (v[..., -1] - v[..., 0])
        assert np.abs(gap).max() < 1e-9 * np.abs(effects).sum(-1).max()


def test_knowledge_splits_exactly(results):
    table = pd.read_csv(results / "interactions/knowledge.csv")
    assert np.allclose(table["preserved"] + table["discarded"], table["pre"])
    assert np.allclose(table["preserved"] + table["new"], table["tuned"])
    assert (table["scratch_shared"] <= table["preserved"] + 1e-12).all()
    assert table["preserved"].sum() > 0


def test_stir_is_a_similarity(results):
    table = layers(results)
    biased = table[table["estimator"] == "biased"]
    for column in ("stir_tuned_given_pre", "stir_pre_given_tuned", "self_pre", "self_tuned"):
        assert biased[column].between(0, 1).all()
    assert biased["self_pre"].mean() > biased["permuted"].mean() + 0.2


def test_joint_models_have_both_kinds_of_metric(results, config):
    methods = set(config["grid"]["methods"])
    assert set(pd.read_csv(results / "interactions/knowledge.csv")["model"]) >= methods - {"probe", "scratch"}
    assert set(layers(results)["model"]) == methods - {"probe"} | {"scratch_from_start"}


def test_selection_reports_a_certificate(results):
    for file in results.glob("select/*/*/*.json"):
        assert "certificate" in json.dumps(json.loads(file.read_text()))
    table = pd.concat([pd.read_csv(file) for file in results.glob("select/*/*/*.csv")])
    chosen = table[table["selected"]].groupby(["architecture", "seed", "target", "rule"]).size()
    assert chosen.nunique() == 1


def test_claims_have_verdicts(results):
    table = pd.read_csv(results / "claims.csv")
    assert table["id"].is_unique
    assert set(table["verdict"]) <= {"holds here", "fails here", "undecided", "not run", "outside the paper's setting"}
    decided = table[table["kind"] == "magnitude"]["verdict"]
    assert set(decided) <= {"not run", "outside the paper's setting"}  # no network of the papers is among these
    assert (table.groupby("paper").size() >= 2).all()
    assert table["paper"].nunique() == 5  # the three papers, across them, and the metrics themselves


def test_every_model_has_its_row_across_the_papers(results):
    table, runs = pd.read_csv(results / "across.csv"), pd.read_csv(results / "train/runs.csv")
    keys = ["target", "architecture", "method", "seed"]
    assert set(table[keys].itertuples(index=False)) == set(runs[keys].itertuples(index=False))
    tuned = table[table["method"] != "probe"]
    assert tuned[["preserved", "forgetting_early", "forgetting_late", "cka_late"]].notna().all(axis=None)
    headline = json.loads((results / "headline.json").read_text())
    means = table.groupby("method")["accuracy"].mean()
    assert headline["accuracy"]["finetune"]["estimate"] == pytest.approx(means["finetune"], rel=1e-5)


def test_every_figure_has_its_table_and_all_formats(results):
    figures = {file.stem for file in (results / "figures").glob("*.png")}
    assert {"selection", "accuracy", "knowledge", "scratch_ratio", "similarity", "layers", "flow"} <= figures
    for name in figures:
        assert len(pd.read_csv(results / f"figures/{name}.csv")) > 0
        assert (results / f"figures/{name}.svg").read_text().startswith("<?xml")


def test_report_is_one_page_without_outside_addresses(results):
    page = (results / "report.html").read_text()
    assert len(page.encode()) <= 10_000_000
    assert "digits: 10 of 10 images with interactions" in page
    assert "digits: 4 of 32 inverted images" in page
    loaded = re.findall(r"""(?:src|data)=["'](https?:[^"']+)|<link[^>]+href=["'](https?:[^"']+)""", page)
    assert loaded == []


def test_the_run_tells_its_time(finished):
    log = finished.folder.with_suffix(".log").read_text()
    assert re.search(r"\d+ jobs in \d+ s .* on 2 cores", log)
    assert re.search(r"computing \d+ core-seconds, \d+% of", log)


def test_every_result_names_what_made_it(smoke, results):
    """Its record holds the hashes of the result itself, of its code and of its inputs; no file is left out."""
    made = [
        path
        for path in results.rglob("*")
        if path.is_file()
        and path.relative_to(results).parts[0] not in ("logs", "benchmarks")
        and path.parent.name != CARDS
    ]
    assert {path: fault(path) for path in made if fault(path)} == {}
    keys = {
        "arguments",
        "code_sha256",
        "config",
        "config_sha256",
        "hardware",
        "inputs",
        "outside",
        "sha256",
        "stage",
        "versions",
    }
    for path in made:
        record = read_json(card_of(path))
        assert record.keys() == keys
        assert {name: sha256(smoke.folder / name) for name in record["inputs"]} == record["inputs"]
        assert bool(record["inputs"]) == (record["stage"] != "data")
        if "train" in path.parts:
            assert "seed" in record["config"] or record["stage"] == "runs"
    cards = [path for path in results.rglob("*.json") if path.parent.name == CARDS]
    assert set(cards) == {card_of(path) for path in made}


def test_a_second_run_does_nothing(smoke):
    assert "Nothing to be done" in smoke.snakemake().stderr


def test_an_interactions_parameter_reruns_interactions_and_what_follows(smoke, tmp_path):
    file = tmp_path / "changed.yaml"
    file.write_text(yaml.safe_dump({"interactions": {"analysis": {"threshold": 0.1}}}))
    assert smoke.planned(str(file)) == {
        "analyse_interactions",
        "put_side_by_side",
        "decide_claims",
        "draw_figure",
        "write_report",
    }


@pytest.mark.parametrize(
    ("module", "again", "kept"),
    [
        ("selection/_newton.py", {"select_classes", "train_finetune"}, {"pretrain_model", "fit_probe"}),
        ("interactions/scoring.py", {"score_coalitions"}, {"measure_invariances", "gather_runs"}),
        ("figures/layers.py", {"draw_figure", "write_report"}, {"draw_joint", "decide_claims"}),
    ],
)
def test_a_module_reruns_the_stages_that_use_it(smoke, module, again, kept):
    file = smoke.folder / "workflow/whypretrain" / module
    before = file.read_text()
    try:
        file.write_text(before + "\n# A comment.\n")
        assert smoke.planned() == set()
        file.write_text(before + "\nCHANGED = 1\n")
        rules = smoke.planned()
    finally:
        file.write_text(before)
    assert again <= rules
    assert not kept & rules


def test_snakemake_report_lint_and_dag(smoke):
    assert smoke.snakemake("--lint").returncode == 0
    assert "digraph" in smoke.snakemake("--dag").stdout
    run = smoke.snakemake("--report", "snakemake-report.html")
    assert run.returncode == 0, run.stderr
    page = (smoke.folder / "snakemake-report.html").read_text()
    for told in ("Which pre-training data help", "Source classes ranked for each target", "one row a claim"):
        assert told in page
