"""The schema, the default config and the code that reads it must agree, and each mistake has one clear message."""

import copy
import re
from dataclasses import fields
from functools import reduce
from pathlib import Path

import pytest
import yaml

from whypretrain.config import check
from whypretrain.data.build import KINDS
from whypretrain.data.catalogue import CATALOGUE, torchvision_class
from whypretrain.errors import InputError
from whypretrain.figures.settings import Settings
from whypretrain.recipes import probe_of
from whypretrain.stages import interactions as interactions_stage
from whypretrain.stages import score as score_stage
from whypretrain.training.recipe import Augmentation, Recipe

ROOT = Path(__file__).parents[1]
SCHEMA = ROOT / "workflow/schemas/config.schema.yaml"
SCHEMA_TREE = yaml.safe_load(SCHEMA.read_text())
DEFAULT = yaml.safe_load((ROOT / "config/default.yaml").read_text())


def merged(base, change):
    """What Snakemake makes of a config file over another: mappings merge, everything else is replaced."""
    result = copy.deepcopy(base)
    for key, value in change.items():
        result[key] = merged(result[key], value) if isinstance(value, dict) and key in result else value
    return result


@pytest.mark.parametrize("file", sorted(ROOT.glob("config/**/*.yaml")), ids=lambda file: file.stem)
def test_shipped_configs_are_valid(file):
    """Over the default, and over the file that the header's command lays it over."""
    under = re.search(rf"--configfile (\S+) {file.relative_to(ROOT)}", file.read_text())
    layers = [ROOT / under[1], file] if under else [file]
    contents = [yaml.safe_load(layer.read_text()) for layer in layers]
    check(reduce(merged, contents, DEFAULT), SCHEMA, places=False)


def properties(*path):
    tree = SCHEMA_TREE
    for key in path:
        tree = tree[key]
    return set(tree["properties"])


def names(dataclass):
    return {field.name for field in fields(dataclass)}


def test_recipes_have_the_keys_that_training_reads():
    assert properties("$defs", "recipe") == names(Recipe)
    assert properties("$defs", "recipe", "properties", "augmentation") == names(Augmentation)


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - CATALOGUE.keys()))
def test_data_sets_have_the_options_of_their_kind(kind):
    assert properties("$defs", kind) - {"kind"} == names(KINDS[kind].options)


def test_published_sets_have_the_options_of_all_of_them():
    options = [entry.options for entry in CATALOGUE.values()] + [torchvision_class("Food101").options]
    assert properties("$defs", "published") - {"kind"} == set().union(*map(names, options))


def test_the_schema_knows_the_kinds():
    kind = SCHEMA_TREE["properties"]["datasets"]["additionalProperties"]["properties"]["kind"]
    assert kind["anyOf"][0]["enum"] == list(KINDS)


def test_sections_have_the_keys_that_their_stages_read():
    workflows = {"shards"}  # read by the rules alone
    assert properties("$defs", "scoring") - workflows | {"seed", "threshold"} == set(score_stage.DEFAULTS)
    assert properties("properties", "interactions", "properties", "analysis") == set(
        interactions_stage.DEFAULTS
    )
    assert properties("properties", "figures") <= names(Settings)


def leaves(tree, path=()):
    for key, node in tree.get("properties", {}).items():
        node = SCHEMA_TREE["$defs"][node["$ref"].rpartition("/")[2]] | node if "$ref" in node else node
        yield (*path, key), node
        yield from leaves(node, (*path, key))


@pytest.mark.parametrize("path", [".".join(path) for path, _ in leaves(SCHEMA_TREE)])
def test_every_key_has_a_meaning_or_parts(path):
    node = {".".join(each): node for each, node in leaves(SCHEMA_TREE)}[path]
    assert node.get("description") or node.get("properties") or "enum" in node or "const" in node


def neighbour(**starts):
    """A method that starts from a model of another target, added to those of the default."""
    methods = [*DEFAULT["grid"]["methods"], "neighbour"]
    return {"grid": {"methods": methods}, "train": {"methods": {"neighbour": {"start": starts}}}}


def test_each_target_may_start_from_a_model_of_the_other():
    check(merged(DEFAULT, neighbour(digits="letters/scratch", letters="digits/finetune")), SCHEMA)


MISTAKES = {
    "unknown key": ({"pretrain": {"stepz": 1}}, "unknown key 'stepz' in pretrain; did you mean 'steps'?"),
    "unknown section": ({"modelz": {}}, "unknown key 'modelz' in the top level; did you mean 'models'?"),
    "wrong type": ({"pretrain": {"steps": "many"}}, "pretrain.steps must be of type integer, not 'many'"),
    "out of range": ({"statistics": {"confidence": 1.5}}, "statistics.confidence: 1.5"),
    "unknown rule": ({"select": {"rules": ["magic"]}}, "select.rules.0 must be one of 'uot'"),
    "unknown kind": (
        {"datasets": {"x": {"kind": "cifar", "root": "."}}},
        "datasets.x.kind must be one of 'glyphs'",
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
        "interactions.variants.many.players",
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
    "source rule": (
        {"train": {"methods": {"joint_uot": {"source": "all"}}}},
        "'all', which is not in select.rules",
    ),
    "no reference": (
        {"grid": {"methods": ["finetune", "scratch"]}},
        "interactions.analysis.reference names 'probe', which is not in grid.methods",
    ),
    "pair of no method": (
        {"interactions": {"analysis": {"pairs": [["finetune", "scrach"]]}}},
        "interactions.analysis.pairs names 'scrach', which is not in grid.methods; did you mean 'scratch'?",
    ),
    "missing root": ({"datasets": {"x": {"kind": "imagefolder"}}}, "'root' is a required property"),
    "no such folder": (
        {"datasets": {"x": {"kind": "imagefolder", "root": "nowhere"}}, "grid": {"targets": ["x"]}},
        "datasets.x: nowhere does not exist",
    ),
    "no clusters": (
        {"train": {"methods": {"joint_uot": {"source_loss": "consistency"}}}},
        "train.methods.joint_uot.source_loss is 'consistency', which needs select.clusters",
    ),
    "start for one target alone": (
        neighbour(digits="letters/scratch"),
        "has no model for the target 'letters'",
    ),
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
        "train.methods.joint_uot.tune: unknown key 'source_wait'",
    ),
    "tuned pre-training": (
        {"pretrain": {"tune": {"steps": [1, 2]}}},
        "pretrain.tune: pre-training is not tuned",
    ),
    "variant of nothing": (
        {"datasets": {"digits": {"variant_of": "digit"}}},
        "datasets.digits.variant_of names 'digit', which is not in datasets; did you mean 'digits'?",
    ),
    "name that is no name": ({"experiment": "a b; rm"}, "experiment: 'a b; rm' does not match"),
    "probe with steps": (
        {"train": {"methods": {"probe": {"steps": 3}}}},
        "unknown key 'steps' in train.methods.probe",
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
        "models.vit.train.methods.finetune.tune: unknown key 'source_wait'",
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
        "interactions.analysis.references names 'prob', which is not in grid.methods; did you mean 'probe'?",
    ),
    "scratch that is none": (
        {"interactions": {"analysis": {"scratch": "scrach"}}},
        "interactions.analysis.scratch names 'scrach', which is not in train.methods; did you mean 'scratch'?",
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
            "invariances": {"dynamics": []},
        },
        "interactions.score.dynamics names 'scratch', which keeps no checkpoints",
    ),
    "followed probe": (
        {"invariances": {"own_start": ["probe"]}},
        "invariances.own_start names 'probe', which starts frozen and has no training",
    ),
    "joint figure of no method": (
        {"figures": {"joint": "joint_out"}},
        "figures.joint names 'joint_out', which is not in train.methods; did you mean 'joint_uot'?",
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
    "unknown script": (
        {"datasets": {"letters": {"scripts": ["gregorian"]}}},
        "datasets.letters.scripts names 'gregorian', which is not in data/scripts.py; did you mean 'georgian'?",
    ),
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
        check(merged(DEFAULT, change), SCHEMA)
    assert expected in str(error.value)
    assert "\n" not in str(error.value)
