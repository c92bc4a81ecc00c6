"""config/text_smoke.yaml: stage by stage in one process, up to tables and a figure; as a whole in the long tests."""

import json

import numpy as np
import pandas as pd
import pytest
import yaml
from checkout import ROOT, Checkout

from whypretrain import data, models
from whypretrain.config import check, files
from whypretrain.config.methods import recipe_of
from whypretrain.config.roles import described, roles_of
from whypretrain.runtime.files import read_json
from whypretrain.stages import data as making
from whypretrain.stages import features, figure, interactions, layers, pretrain, probe, score, tokens, train

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("stages_share_a_process")]


@pytest.fixture(scope="module")
def config():
    default, smoke = (yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()) for name in ("default", "text_smoke"))
    shorter = {"pretrain": {"steps": 30}, "train": {"common": {"steps": 150}, "methods": {"scratch": {"steps": 20}}}}
    return check(files.merged(files.merged(default, smoke), shorter))


def call(stage, config, **arguments):
    """A stage as the workflow calls it; a list or mapping becomes several words."""
    words = []
    for name, value in arguments.items():
        several = [f"{key}={each}" for key, each in value.items()] if isinstance(value, dict) else value
        words += [f"--{name.replace('_', '-')}", *map(str, several if isinstance(several, list) else [several])]
    stage.main(["--config", json.dumps(config), *words])


@pytest.fixture(scope="module")
def results(config, tmp_path_factory, stages_share_a_process):
    """A folder with everything up to the tables."""
    root, seed = tmp_path_factory.mktemp("text"), config["seed"]
    for name in ("reference", "praise"):
        spec = {"spec": config["datasets"][name], "image": config["image"], "seed": seed}
        call(making, spec, name=name, out=root / "data" / name)
    model = {key: value for key, value in config["models"]["bert"].items() if key in ("encoder", "checkpoint")}
    sets, split = ([root / place / name for name in ("reference", "praise")] for place in ("data", "tokens/bert"))
    call(tokens, model, data=sets, out=root / "tokens/bert")
    target, start, run = split[1], root / "pretrain/bert/0", {"seed": 0}
    settings = {**model, "image": config["image"], "recipe": config["pretrain"], "seed": seed}
    call(pretrain, settings, data=split[0], out=start, **run)
    call(features, {"batch_size": 64}, model=start, data=split, out=root / "features")
    folder = {name: root / f"train/praise/bert/{name}/0" for name in ("probe", "finetune", "scratch")}
    about = {"target": "praise", "architecture": "bert", **run}
    own = {"features": root / "features/praise.npz", "pretrained": start, "data": sets[1], "method": "probe"}
    call(probe, {"method": {"start": "frozen"}, "seed": seed}, **own, **about, out=folder["probe"])
    recipes = {name: recipe_of(config, name, "bert", "praise") for name in ("finetune", "scratch")}
    out = {name: folder[name] for name in recipes}
    call(train, {"recipes": recipes, "seed": seed}, target=target, pretrained=start, **run, out=out)
    given = {key: value for key, value in config["interactions"]["score"].items() if key != "shards"}
    given |= {"controls": ["reinitialised"], "seed": seed}
    call(score, given, data=target, models=folder, **about, out=root / "0.npz")
    analysis = {**config["interactions"]["analysis"], "roles": {str(k): v for k, v in roles_of(config).items()}}
    call(interactions, analysis, scores=[root / "0.npz"], out=root / "interactions")
    call(layers, {"images": 32, "seed": seed}, data=target, pretrained=start, models=out, **about, out=root / "layers")
    return root


def test_fine_tuning_learns_negation(results):
    """No single word tells the class: half of the sentences are negated."""
    assert read_json(results / "train/praise/bert/finetune/0/metrics.json")["accuracy"] > 0.65
    history = pd.read_csv(results / "pretrain/bert/0/history.csv")["loss"]
    assert history.iloc[-5:].mean() < history.iloc[0] - 0.3


def test_tables_are_those_of_images(results):
    found = {path.stem: pd.read_csv(path) for path in (results / "interactions").glob("*.csv")}
    assert {"knowledge", "agreement", "commonality", "strongest", "permutation_null", "controls"} <= set(found)
    table = found["knowledge"]
    assert np.allclose(table["preserved"] + table["discarded"], table["pre"])
    assert set(table["order"]) == set(range(1, 7))
    agreement = found["agreement"].query("kind == 'probe_vs_reinitialised' and degree == '2'")["agreement"]
    assert abs(agreement.iloc[0]) < 0.8


def test_layers_move_in_fine_tuning(results):
    table = pd.read_csv(results / "layers/divergence.csv").query("estimator == 'unbiased'")
    assert set(table["layer"]) == {1, 2}
    assert (table["cka_divergence"] > 0).all()
    assert (table["cka_divergence"] < table["cka_permuted"] + 0.05).all()


def test_the_figure_of_sentences(results, config, tmp_path):
    given = {"strongest": [results / "interactions/strongest.csv"], "players": [results / "0.npz"]}
    given["target_data"] = [results / "tokens/bert/praise/tokens.npy"]
    words = [part for name, paths in given.items() for part in ("--input", name, *map(str, paths))]
    settings = {**config["figures"], "confidence": 0.95, "resamples": 100, **described(config), "threshold": 0.05}
    named = ["--name", "sentences", "--out", str(tmp_path / "sentences")]
    figure.main(["--config", json.dumps({**settings, "seed": 0}), *words, *named])
    assert (tmp_path / "sentences.svg").stat().st_size > 5000
    shown = pd.read_csv(tmp_path / "sentences.csv").query("shows == 'sentence'")
    assert set(shown["kind"]) == {"preserved", "discarded", "new"}


def test_every_token_has_its_word(results):
    found = data.load(results / "tokens/bert/praise")
    encoder = models.Encoder.from_dict(found.about["encoder"])
    for row, (_, sentence) in zip(found.images[:50, 0], found.manifest.iloc[:50].iterrows(), strict=True):
        plain = ~np.isin(row[: len(sentence["words"])], encoder.special)
        assert ((np.array(sentence["words"]) >= 0) == plain).all()


@pytest.mark.long
def test_the_whole_experiment_ends_in_a_report(tmp_path):
    made = Checkout(tmp_path / "text")
    run = made.snakemake(config="config/text_smoke.yaml")
    assert run.returncode == 0, run.stderr[-6000:]
    page = (made.folder / "results/text_smoke/report.html").read_text()
    assert "what needs pixels is left out" in page
    assert "praise: 12 of 12 sentences with interactions" in page
    claims = pd.read_csv(made.folder / "results/text_smoke/claims.csv").set_index("id")["verdict"]
    assert claims["int-language"] != "not run"


@pytest.mark.long
def test_known_changes_on_top_of_it(tmp_path):
    """config/doses.yaml over text: placebos move no metric, and noise moves all of them."""
    made = Checkout(tmp_path / "doses")
    layer = ["config/doses.yaml", "--config", "experiment=doses"]
    command = ["snakemake", "validity", "--cores", "2", "--configfile", "config/text_smoke.yaml", *layer]
    run = made.run(*command)
    assert run.returncode == 0, run.stderr[-6000:]
    found = pd.read_csv(made.folder / "results/doses/validity_summary.csv").set_index("intervention")
    assert set(found["metric"]) >= {"agreement, degree 2", "preserved share", "CKA divergence"}
    assert found[found["placebo"]]["largest_move"].max() < 1e-5
    assert found.loc["noise on weights", "largest_move"].min() > 1e-3
