"""Looks: fixed, distinct without colour, and legible in grey."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
import yaml

from whypretrain.errors import InputError
from whypretrain.figures import Settings, style

ROOT = Path(__file__).parents[2]


def luminance(colour):
    """Relative luminance of `#RRGGBB` (IEC 61966-2-1)."""
    values = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in values]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_methods_of_one_experiment_differ_in_marker():
    names = [name for name in style.METHODS if name != "pretrained"]
    for one, other in combinations(names, 2):
        assert style.METHODS[one].marker != style.METHODS[other].marker, (one, other)


def test_methods_of_the_interactions_experiment_differ_in_line():
    names = yaml.safe_load((ROOT / "config/interactions.yaml").read_text())["grid"]["methods"]
    compared = [name for name in names if not name.endswith("_again")]
    lines = [look.line for look in style.looks([*compared, "reinitialised"], Settings()).values()]
    assert len(set(lines)) == len(lines)


def test_every_colour_stands_out_from_white_paper():
    for look in [*style.METHODS.values(), *style.KNOWLEDGE.values()]:
        contrast = 1.05 / (luminance(look.colour) + 0.05)
        assert contrast > 1.8, look


def test_a_look_does_not_depend_on_the_other_methods():
    assert style.looks(["finetune"], Settings()) == {
        "finetune": style.looks(["scratch", "finetune", "x"], Settings())["finetune"]
    }


def test_unknown_methods_have_looks_of_their_own():
    names = [f"method_{letter}" for letter in "abcdefghijkl"]
    found = style.looks(names, Settings())
    assert [look.label for look in found.values()] == [name.replace("_", " ") for name in names]
    assert len({(look.colour, look.marker, look.line) for look in found.values()}) == len(names)


def test_a_rule_looks_like_joint_training_with_it():
    rule = style.rule_looks(["uot"])["uot"]
    assert (rule.colour, rule.marker) == (style.METHODS["joint_uot"].colour, style.METHODS["joint_uot"].marker)
    assert rule.label == "UOT"


def test_beyond_eight_concepts_share_one_colour():
    colours = style.concept_colours(map(str, range(10)))
    assert len(set(colours.values())) == 9
    assert colours["8"] == colours["9"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"confidence": 1.5}, "figures.confidence must be below 1, not 1.5"),
        ({"columns": "three"}, "figures.columns must be one of 'one', 'two', not 'three'"),
        ({"top": 2.5}, "figures.top must be a whole number, not 2.5"),
        ({"size": 3}, "unknown key 'size' in figures"),
    ],
)
def test_settings_refuse_what_they_do_not_know(config, message):
    with pytest.raises(InputError, match=message):
        Settings.of(config)


def test_settings_take_whole_numbers_for_real_ones():
    assert Settings.of({"threshold": 1}).threshold == 1


def test_kinds_of_knowledge_differ_in_print_without_colour():
    for one, other in combinations(style.KNOWLEDGE.values(), 2):
        light, dark = sorted((luminance(one.colour), luminance(other.colour)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) > 1.15
        assert one.hatch != other.hatch


def test_markers_made_of_strokes_keep_their_colour():
    """A white edge would hide a cross on white paper."""
    assert style.METHODS["sham"].edge["markeredgecolor"] == style.METHODS["sham"].colour
    assert style.METHODS["finetune"].edge["markeredgecolor"] == "white"
