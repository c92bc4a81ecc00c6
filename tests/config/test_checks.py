"""Each mistake in a config has one clear message, and what is shipped is valid."""

import copy
import re
from functools import reduce
from pathlib import Path

import pytest
import yaml

from whypretrain.config import check, files
from whypretrain.config.methods import probe_of
from whypretrain.errors import InputError

ROOT = Path(__file__).parents[2]
DEFAULT = yaml.safe_load((ROOT / "config/default.yaml").read_text())


def merged(base, change):
    """A config file over another, as a copy that a test may change."""
    return copy.deepcopy(files.merged(base, change))


@pytest.mark.parametrize("file", sorted(ROOT.glob("config/**/*.yaml")), ids=lambda file: file.stem)
def test_shipped_configs_are_valid(file):
    """Over the default, and over the file that the header's command lays it over."""
    under = re.search(rf"--configfile (\S+) {file.relative_to(ROOT)}", file.read_text())
    layers = [ROOT / under[1], file] if under else [file]
    contents = [yaml.safe_load(layer.read_text()) for layer in layers]
    found = check(reduce(merged, contents, DEFAULT), places=False)
    assert check(found, places=False) == found, "what is complete stays as it is"


def neighbour(**starts):
    """A method that starts from a model of another target, added to those of the default."""
    methods = [*DEFAULT["grid"]["methods"], "neighbour"]
    return {"grid": {"methods": methods}, "train": {"methods": {"neighbour": {"start": starts}}}}


def test_each_target_may_start_from_a_model_of_the_other():
    check(merged(DEFAULT, neighbour(digits="letters/scratch", letters="digits/finetune")))


MISTAKES = {
    "moved key": (
        {"interactions": {"analysis": {"scratch": "scratch"}}},
        "interactions.analysis.scratch has gone; it is roles.scratch now",
    ),
    "moved section": ({"resources": {"all": {"mem_mb": 1}}}, "resources has gone; give Snakemake's own"),
    "not a number": ({"invariances": {"step_size": float("nan")}}, "step_size must be a finite number, not nan"),
    "true for a number": ({"pretrain": {"steps": True}}, "pretrain.steps must be a whole number, not True"),
    "text for a list": ({"grid": {"targets": "digits"}}, "grid.targets must be a list, not 'digits'"),
    "twice": ({"grid": {"targets": ["digits", "digits"]}}, "grid.targets must not name 'digits' twice"),
    "no section": ({"statistics": None}, "statistics must be a mapping, not None"),
    "temperature": ({"select": {"temperature": "warm"}}, "select.temperature must be"),
    "label that is none": ({"train": {"methods": {"scratch": {"label": 3}}}}, "train.methods.scratch.label must be"),
    "unknown key": ({"pretrain": {"stepz": 1}}, "unknown key 'stepz' in pretrain; did you mean 'steps'?"),
    "unknown section": ({"modelz": {}}, "unknown key 'modelz' in the top level; did you mean 'models'?"),
    "wrong type": ({"pretrain": {"steps": "many"}}, "pretrain.steps must be a whole number, not 'many'"),
    "out of range": ({"statistics": {"confidence": 1.5}}, "statistics.confidence must be below 1, not 1.5"),
    "unknown rule": ({"select": {"rules": ["magic"]}}, "select.rules.0: 'magic' is no selection rule; there are: "),
    "unknown kind": (
        {"datasets": {"x": {"kind": "cifar", "root": "."}}},
        "datasets.x.kind: 'cifar' is no kind of data set; did you mean 'cifar10'?",
    ),
    "option of another kind": (
        {"datasets": {"digits": {"scripts": ["latin"]}}},
        "unknown key 'scripts' in datasets.digits",
    ),
    "no such data set": ({"grid": {"targets": ["digit"]}}, "'digit', which is not in datasets; did you mean"),
    "no such model": ({"grid": {"architectures": ["vgg"]}}, "there are: resnet, vit"),
    "no such method": ({"grid": {"methods": ["probes"]}}, "not in train.methods; did you mean 'probe'?"),
    "method of a taken name": (
        {"grid": {"methods": ["pretrained"]}, "train": {"methods": {"pretrained": {}}}},
        "grid.methods names 'pretrained', as the tables name a model of their own",
    ),
    "source as target": ({"grid": {"targets": ["glyphs"]}}, "names the source 'glyphs'"),
    "players": ({"interactions": {"score": {"margin": 1}}}, "players is 10, but a grid of 4 x 4 cells"),
    "players of a variant": (
        {"interactions": {"variants": {"many": {"players": 17}}}},
        "interactions.variants.many: 17 players have 2^17 coalitions; give at most 16, or coalitions: sampled",
    ),
    "grid of a variant": (
        {"interactions": {"variants": {"odd": {"grid": 5}}}},
        "interactions.variants.odd.grid is 5, which does not divide image.size 16",
    ),
    "blurred features": (
        {"interactions": {"variants": {"behind": {"level": "feature", "baseline": "blur"}}}},
        "interactions.variants.behind.baseline is blur, which hides no features",
    ),
    "grid": ({"interactions": {"score": {"grid": 5}}}, "does not divide image.size 16"),
    "source rule": ({"train": {"methods": {"joint_uot": {"source": "all"}}}}, "'all', which is not in select.rules"),
    "no classifier": (
        {"grid": {"methods": ["reconstruct"]}, "train": {"methods": {"reconstruct": {"task": "reconstruction"}}}},
        "grid.methods names no method that classifies",
    ),
    "role of no method": (
        {"roles": {"scratch": "scrach"}},
        "roles.scratch names 'scrach', which is not in train.methods that classify; did you mean 'scratch'?",
    ),
    "method of two roles": (
        {"roles": {"reference": "finetune"}},
        "roles: 'finetune' is both reference and finetune; name a method for each",
    ),
    "unknown role": ({"roles": {"baseline": "probe"}}, "unknown key 'baseline' in roles"),
    "pair of no method": (
        {"interactions": {"analysis": {"pairs": [["finetune", "scrach"]]}}},
        "interactions.analysis.pairs names 'scrach', which is not in train.methods; did you mean 'scratch'?",
    ),
    "missing root": ({"datasets": {"x": {"kind": "imagefolder"}}}, "datasets.x: 'root' is missing"),
    "no such folder": (
        {"datasets": {"x": {"kind": "imagefolder", "root": "nowhere"}}, "grid": {"targets": ["x"]}},
        "datasets.x.root: nowhere does not exist; check the path",
    ),
    "no clusters": (
        {"train": {"methods": {"joint_uot": {"source_loss": "consistency"}}}},
        "train.methods.joint_uot.source_loss is 'consistency', which needs select.clusters",
    ),
    "start for one target alone": (neighbour(digits="letters/scratch"), "has no model for the target 'letters'"),
    "start at the same target": (
        neighbour(digits="digits/scratch", letters="digits/scratch"),
        "train.methods.neighbour.start.digits names 'digits'; choose another target of grid.targets: letters",
    ),
    "start at a third model": (
        neighbour(digits="letters/neighbour", letters="digits/scratch"),
        "start.digits names 'neighbour', which is not in the methods trained from no third model",
    ),
    "start at a probe": (
        neighbour(digits="letters/probe", letters="digits/scratch"),
        "start.digits names 'probe', which is not in the methods trained",
    ),
    "start trained in the same job": (
        merged(
            neighbour(digits="letters/scratch", letters="digits/scratch"),
            {"train": {"jobs": [["scratch", "neighbour"]]}},
        ),
        "train.jobs: 'neighbour' waits for a model of another target; take it out of ['scratch', 'neighbour']",
    ),
    "start that is no model": (neighbour(digits="scratch"), "train.methods.neighbour.start"),
    "tuned setting that is none": (
        {"train": {"methods": {"joint_uot": {"tune": {"source_wait": [1]}}}}},
        "unknown key 'source_wait' in train.methods.joint_uot.tune",
    ),
    "tuned pre-training": ({"pretrain": {"tune": {"steps": [1, 2]}}}, "pretrain.tune: pre-training is not tuned"),
    "variant of nothing": (
        {"datasets": {"digits": {"variant_of": "digit"}}},
        "datasets.digits.variant_of names 'digit', which is not in datasets; did you mean 'digits'?",
    ),
    "name that is no name": ({"experiment": "a b; rm"}, "experiment: 'a b; rm' does not match"),
    "probe with steps": (
        {"train": {"methods": {"probe": {"steps": 3}}}},
        "train.methods.probe: a linear probe has no key 'steps'",
    ),
    "recipe of no method": (
        {"models": {"vit": {"train": {"methods": {"finetun": {"steps": 3}}}}}},
        "models.vit.train.methods names 'finetun', which is not in train.methods; did you mean 'finetune'?",
    ),
    "recipe of a probe": (
        {"models": {"vit": {"train": {"methods": {"probe": {"steps": 3}}}}}},
        "models.vit.train.methods.probe: a method that starts frozen has no recipe",
    ),
    "recipe of an architecture": (
        {"models": {"vit": {"train": {"common": {"tune": {"source_wait": [1]}}}}}},
        "unknown key 'source_wait' in models.vit.train.methods.finetune.tune",
    ),
    "job of no method": (
        {"train": {"jobs": [["finetun"]]}},
        "train.jobs names 'finetun', which is not in train.methods; did you mean 'finetune'?",
    ),
    "method in two jobs": (
        {"train": {"jobs": [["finetune"], ["scratch", "finetune"]]}},
        "train.jobs names 'finetune' 2 times; one job trains a method",
    ),
    "probe in a job": (
        {"train": {"jobs": [["finetune", "probe"]]}},
        "train.jobs names 'probe', which is fitted on frozen features",
    ),
    "reference that is none": (
        {"interactions": {"analysis": {"references": ["prob"]}}},
        "interactions.analysis.references names 'prob', which is not in train.methods; did you mean 'probe'?",
    ),
    "more players than there are": (
        {"interactions": {"analysis": {"players": [8, 14]}}},
        "interactions.analysis.players has 14, which is not less than interactions.score.players, 10",
    ),
    "followed without checkpoints": (
        {"invariances": {"dynamics": ["joint_uot"]}},
        "invariances.dynamics names 'joint_uot', which keeps no checkpoints; give train.methods.joint_uot.chec",
    ),
    "start without checkpoints": (
        {
            "models": {"vit": {"train": {"methods": {"scratch": {"checkpoints": 0}}}}},
            "interactions": {"score": {"dynamics": ["scratch"]}},
        },
        "interactions.score.dynamics names 'scratch', which keeps no checkpoints",
    ),
    "followed probe": (
        {"invariances": {"own_start": ["probe"]}},
        "invariances.own_start names 'probe', which starts frozen and has no training",
    ),
    "figure of no rule": (
        {"figures": {"rule": "uto"}},
        "figures.rule names 'uto', which is not in select.rules; did you mean 'uot'?",
    ),
    "more classes than there are": (
        {"select": {"classes": 1000}},
        "select.classes is 1000, but the source 'glyphs' has only 115 classes; choose fewer",
    ),
    "more classes of a method": (
        {"train": {"methods": {"joint_uot": {"source_classes": 116}}}},
        "train.methods.joint_uot.source_classes is 116, but the source 'glyphs' has only 115 classes",
    ),
    "more clusters than there are": (
        {"select": {"clusters": {"number": 20, "chosen": 21}}},
        "select.clusters.chosen is 21 of 20 clusters; choose fewer",
    ),
    "unknown script": ({"datasets": {"letters": {"scripts": ["gregorian"]}}}, "did you mean 'georgian'?"),
}


def test_a_probe_of_the_papers_mode_has_the_recipe_of_the_others():
    config = copy.deepcopy(DEFAULT)
    config["train"]["methods"]["by_steps"] = {"start": "frozen", "mode": "paper", "learning_rate": 0.5}
    found = probe_of(config, "by_steps", "vit", "digits")
    assert found == {**config["train"]["common"], "start": "frozen", "mode": "paper", "learning_rate": 0.5}
    assert probe_of(config, "probe", "vit", "digits") == config["train"]["methods"]["probe"]


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_named_in_one_line(name):
    change, expected = MISTAKES[name]
    with pytest.raises(InputError) as error:
        check(merged(DEFAULT, change))
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
