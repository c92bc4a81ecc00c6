"""What DVC knows of the workflow: derived from Snakemake's graph, so both see the same changes."""

from pathlib import Path

import pytest
import yaml
from checkout import ROOT, Checkout
from pipeline import Pipeline, Stage, _stages, downstream, in_order

SMOKE = "config/smoke.yaml"
# What each key decides: the stages whose jobs change with it, besides the report, which shows them all.
KEYS = {
    "seed": (1, "data pretrain select train interactions invariances claims figures"),
    "image.size": (32, "data pretrain"),
    "datasets.glyphs.most_per_script": (7, "data"),
    "pretrain.steps": (9, "pretrain"),
    "features.batch_size": (9, "features"),
    "select.classes": (9, "select"),
    "train.common.steps": (9, "train"),
    "interactions.score.samples": (9, "interactions"),
    "interactions.analysis.threshold": (0.3, "interactions figures"),
    "invariances.images": (9, "invariances"),
    "statistics.resamples": (19, "claims figures"),
    "figures.top": (3, "figures"),
    "grid.seeds": ([0, 1], "pretrain features select train interactions invariances claims figures"),
}


@pytest.fixture(scope="module", autouse=True)
def in_the_checkout():
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        yield


@pytest.fixture(scope="module")
def default():
    return Pipeline("config/default.yaml")


def test_dvc_yaml_is_as_the_workflow_gives_it(default):
    assert Path("dvc.yaml").read_text() == default.text(), "run workflow/tools/versioning.py graph"


@pytest.fixture(scope="module")
def digests(tmp_path_factory):
    """Key -> the hash of every stage's jobs after a change of this key; "" -> without a change."""
    folder = tmp_path_factory.mktemp("configs")
    files = {}
    for key, (value, _) in {"": (None, ""), **KEYS}.items():
        content = {"grid": {"seeds": [0]}}
        *path, last = key.split(".")
        section = content
        for name in path:
            section = section.setdefault(name, {})
        if key:
            section[last] = value
        files[key] = folder / f"{key}.yaml"
        files[key].write_text(yaml.safe_dump(content))
    graphs = Checkout(ROOT, origin=None).graphs(*files.values())
    found = [{stage.name: stage.digest for stage in _stages(graph, "results/default")} for graph in graphs]
    return dict(zip(files, found, strict=True))


@pytest.mark.parametrize("key", KEYS)
def test_a_parameter_touches_its_stages(digests, key):
    changed = {stage for stage, digest in digests[""].items() if digests[key][stage] != digest}
    assert changed == {*KEYS[key][1].split(), "report"}


def test_another_experiment_stands_beside_the_default_one(default):
    smoke = Pipeline(SMOKE)
    assert smoke.file == "experiments/smoke/dvc.yaml"
    assert [stage.name for stage in smoke.stages] == [stage.name for stage in default.stages]
    for one, other in zip(default.stages, smoke.stages, strict=True):
        assert {out.replace("results/default/", "results/smoke/") for out in one.outs} == other.outs
        assert smoke.address(other.name) == f"experiments/smoke/dvc.yaml:{one.name}"
    assert "results/default" not in smoke.text()
    sections = yaml.safe_load(smoke.text())["stages"]
    assert sections["graph"]["params"] == [{"config/default.yaml": None, SMOKE: None}]
    assert {section["wdir"] for section in sections.values()} == {"../.."}


@pytest.mark.parametrize("own", ["seed: 3", "experiment: default"])
def test_an_experiment_without_a_name_of_its_own_is_refused(tmp_path, own):
    (tmp_path / "mine.yaml").write_text(own)
    with pytest.raises(SystemExit, match=r"mine\.yaml: experiment: name it"):
        Pipeline(str(tmp_path / "mine.yaml"))


def test_stages_are_in_the_order_of_data_flow(default):
    made = set()
    for stage in default.stages:
        assert {path for path in stage.deps if path.startswith("results/")} <= made
        made |= stage.outs


def test_what_builds_on_a_change_is_stale_too():
    chain = [
        Stage("d", {"results/b", "results/c"}, {"results/d"}),
        Stage("b", {"results/a"}, {"results/b"}),
        Stage("c", {"outside"}, {"results/c"}),
        Stage("a", {"outside"}, {"results/a"}),
    ]
    ordered = in_order(chain)
    assert [stage.name for stage in ordered] == ["a", "c", "b", "d"]
    assert downstream(["b"], ordered) == {"b", "d"}
    assert downstream(["a"], ordered) == {"a", "b", "d"}
    assert downstream([], ordered) == set()
    with pytest.raises(ValueError, match="stages need each other: a, b"):
        in_order([Stage("a", {"b"}, {"a"}), Stage("b", {"a"}, {"b"})])
