"""A new thing of each kind is one module and one line: added to a copy of the checkout, it goes through a whole run."""

import json

import pandas as pd
import pytest
import yaml
from checkout import Checkout
from running import CONFIG

pytestmark = pytest.mark.slow

PACKAGE = "workflow/whypretrain"
MODULES = {
    "data/kinds/stripes.py": '''
"""Kind `stripes`: bright rows or columns."""

import numpy as np

from whypretrain.config.datasets import DataSet
from whypretrain.config.section import Count
from whypretrain.data.image_set import assemble
from whypretrain.data.kinds import Kind


class Options(DataSet):
    """Bright rows or columns."""

    number: Count = 200
    """images of each class"""


def make(options, *, size, channels, seed):
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], options.number)
    images = rng.integers(0, 60, (len(labels), channels, size, size), dtype=np.uint8)
    for image, label in zip(images, labels):
        (image if label else image.swapaxes(1, 2))[:, rng.integers(size)] = 255
    test = np.arange(len(labels)) % 2 == 0
    return assemble(images, labels, test=test, classes=["rows", "columns"], concepts=["stripes"] * 2,
                    origins=[str(row) for row in range(len(labels))])


KIND = Kind(Options, make, source="made here", licence="none")
''',
    "selection/rules/backwards.py": '''
"""The classes in reverse order."""

import numpy as np

from whypretrain.selection.rules import Scores


def backwards(cost, settings):
    return Scores(np.arange(len(cost), dtype=np.float64))
''',
    "interactions/strength.py": '''
"""Total strength of each model."""

import numpy as np
import pandas as pd


def strength(analysis):
    rows = [
        {**effects.archive.run, "model": model, "strength": float(np.abs(effects.of(model)).sum())}
        for effects in analysis.ands
        for model in effects.archive.models
    ]
    return pd.DataFrame(rows)
''',
    "invariances/depth.py": '''
"""Depth of each block."""

import numpy as np


def depth(pair):
    return {"depth": np.linspace(0, 1, len(pair.forth))}
''',
    "figures/steps.py": '''
"""Steps of each run."""

from whypretrain.figures import canvas


def draw(given, settings):
    shown = given["runs"][["method", "steps"]]
    figure, body = canvas.canvas(settings, height=1.0, title="Steps", note="by method")
    body.subplots().bar(range(len(shown)), shown["steps"])
    return figure, shown
''',
}
LINES = {
    "data/kinds/__init__.py": ("KINDS: Registry[str] = {", '"stripes": "whypretrain.data.kinds.stripes",'),
    "selection/rules/__init__.py": ("RULES: Registry[Rule] = {", '"backwards": Rule("backwards.backwards"),'),
    "interactions/registry.py": ("TABLES: Registry[Table] = {", '"strength": Table("strength.strength"),'),
    "invariances/layer_metrics.py": ("LAYER_METRICS: Registry[str] = {", '"depth": "depth.depth",'),
    "figures/registry.yaml": ("  figures:", "  - {name: steps, tables: [runs], title: Steps taken, alt: Bars.}"),
}


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A checkout with the additions, and the tiny experiment that uses them all, run to its report."""
    made = Checkout(tmp_path_factory.mktemp("extended"))
    for name, text in MODULES.items():
        (made.folder / PACKAGE / name).write_text(text.lstrip())
    for name, (before, line) in LINES.items():
        path = made.folder / PACKAGE / name
        text = path.read_text()
        assert before in text, name
        path.write_text(
            text.replace(before, f"{before}\n    {line}" if name.endswith(".py") else f"{before}\n{line}", 1)
        )
    config = yaml.safe_load((made.folder / CONFIG).read_text())
    config["datasets"]["stripes"] = {"kind": "stripes", "number": 40}
    config["grid"] = {**config["grid"], "targets": ["stripes"], "methods": ["probe", "finetune", "scratch"]}
    config["train"]["jobs"] = [["finetune", "scratch"]]
    config["select"] = {"classes": 3, "rules": ["uot", "backwards"]}
    (made.folder / "mine.yaml").write_text(yaml.safe_dump({**config, "experiment": "mine"}))
    return made


def test_the_reference_has_the_new_options(extended):
    extended.done("python", "-m", "whypretrain.config.reference", "docs")
    page = (extended.folder / "docs/config.md").read_text()
    assert "kind stripes" in page
    schema = json.loads((extended.folder / "docs/config.schema.json").read_text())
    assert "backwards" in json.dumps(schema["$defs"]["Select"])


@pytest.mark.long
def test_a_run_has_the_new_results(extended):
    assert "draw_figure" in extended.planned(config="mine.yaml")
    run = extended.snakemake(config="mine.yaml")
    assert run.returncode == 0, run.stderr[-6000:]
    results = extended.folder / "results/mine"
    assert json.loads((results / "data/stripes/data.json").read_text())["classes"] == ["rows", "columns"]
    ranked = pd.read_csv(next((results / "select").rglob("stripes.csv")))
    assert set(ranked["rule"]) == {"uot", "backwards"}
    assert (pd.read_csv(results / "interactions/strength.csv")["strength"] > 0).all()
    assert "depth" in pd.read_csv(next((results / "invariances").rglob("layers.csv")))
    assert {"png", "svg", "pdf", "csv"} == {path.suffix[1:] for path in (results / "figures").glob("steps.*")}
    assert "Steps taken" in (results / "report.html").read_text()


def test_a_mistake_in_a_new_option_is_named(extended):
    wrong = {**yaml.safe_load((extended.folder / "mine.yaml").read_text())}
    wrong["datasets"]["stripes"]["numbr"] = 3
    (extended.folder / "wrong.yaml").write_text(yaml.safe_dump(wrong))
    run = extended.snakemake("--dry-run", config="wrong.yaml")
    assert "unknown key 'numbr' in datasets.stripes; did you mean 'number'?" in run.stderr + run.stdout
