"""Without a source: allowed wherever nothing needs one, and what needs one is named."""

import copy

import pytest
from test_checks import DEFAULT, merged

from whypretrain.config import check, places_of, remarks
from whypretrain.config.grid import data_sets
from whypretrain.errors import InputError
from whypretrain.figures import drawn

OWN = {"vit": {"checkpoint": "timm:vit_tiny_patch16_224"}}
GRID = {"source": None, "targets": ["digits"], "architectures": ["vit"], "methods": ["probe", "finetune", "scratch"]}


def experiment(**change):
    return merged(DEFAULT, merged({"grid": GRID, "models": OWN, "train": {"jobs": []}}, change))


def test_no_data_set_stands_for_it():
    config = check(experiment())
    assert data_sets(config["grid"]) == ["digits"]
    assert [*remarks(config)]
    assert not any(key.startswith("datasets.glyphs") for key in places_of(config))
    with_source = check(experiment(grid={"source": "glyphs"}))
    assert set(drawn(with_source)) - set(drawn(config)) == {"selection", "concepts"}


MISTAKES = {
    "pre-training": ({"models": {"vit": {"checkpoint": None}}}, "models.vit has no checkpoint; give one, or name data"),
    "joint": ({"grid": {"methods": ["finetune", "joint_uot"]}}, "the method 'joint_uot' takes source images"),
    "sham": ({"interactions": {"score": {"controls": ["sham"]}}}, "trains on the source, but grid.source is null"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_what_needs_a_source_is_named(name):
    change, told = MISTAKES[name]
    with pytest.raises(InputError) as error:
        check(experiment(**copy.deepcopy(change)))
    assert told in str(error.value)
