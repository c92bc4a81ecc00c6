"""Figures know methods by what they are: other names change nothing but the names in their tables."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
import yaml
from synthetic import Synthetic
from synthetic_text import of_figure
from test_registry import ROOT

from whypretrain.config.parts import CAST, Role
from whypretrain.config.roles import described
from whypretrain.errors import InputError
from whypretrain.figures import FIGURES, Settings, drawing
from whypretrain.figures.cast import Cast, Member

ROLES = {Role.REFERENCE: "probe", Role.FINETUNE: "finetune", Role.SCRATCH: "scratch", Role.JOINT: "joint_uot"}
SPARE = ("few", "heavy", "heavy_random", "twice", "distinct", "tuned", "mine")
USUAL = Cast((*Cast().methods, *(Member(name, name, joint=name != "mine") for name in SPARE)), ROLES)
LETTERS = {member.name: chr(ord("A") + place) for place, member in enumerate(reversed(USUAL.methods))}
RENAMED = Cast(
    tuple(replace(member, name=LETTERS[member.name]) for member in USUAL.methods),
    {role: LETTERS[name] for role, name in ROLES.items()},
)


def renamed(table, names):
    """The table with the names in its columns replaced, also in `A_vs_B`, `A - B` and `A_from_start`."""

    def rename(name):
        for joint in ("_vs_", " - "):
            name = joint.join(names.get(part, part) for part in str(name).split(joint))
        start = name.removesuffix("_from_start")
        return names.get(start, start) + name[len(start) :]

    naming = ("method", "model", "reference", "kind", "setting", "a", "b", "series")
    columns = [column for column in naming if column in table]
    found = table.assign(**{column: table[column].map(rename, na_action="ignore") for column in columns})
    if "setting" in found and "reference" in found:  # where names stand as words
        found["setting"] = found["setting"].str.replace("_", " ")
    return found


def with_letters(value):
    if isinstance(value, pd.DataFrame):
        return renamed(value, LETTERS)
    if isinstance(value, list) and hasattr(value[0], "inversions"):
        return [
            replace(each, inversions={LETTERS.get(key, key): found for key, found in each.inversions.items()})
            for each in value
        ]
    return value


def texts(figure):
    return [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text"))]


@pytest.fixture(scope="session")
def more(tmp_path_factory):
    """An experiment with a method of every part that figures look for."""
    methods = ("probe", "finetune", "scratch", "joint_uot", "joint_random", "reconstruct", "neighbour", "mine")
    made = Synthetic(methods=methods, seeds=(0, 1)).all(tmp_path_factory.mktemp("pictures"))
    layers = made["layers"].query("model == 'scratch'").assign(model="scratch_from_start")
    pairs = made["controls"].query("kind == 'self'")
    more_pairs = [pairs.assign(kind=kind) for kind in ("probe_vs_reinitialised", "mine_vs_joint_uot")]
    return {
        **made,
        "layers": pd.concat([made["layers"], layers], ignore_index=True),
        "controls": pd.concat([made["controls"], *more_pairs], ignore_index=True),
    }


@pytest.mark.parametrize("name", FIGURES)
def test_other_names_give_the_same_numbers_and_labels(name, given_to, more):
    given = given_to(name) if FIGURES[name].target else of_figure(name, more)
    letters = {key: with_letters(value) for key, value in given.items()}
    usual, shown = drawing.draw(name, given, Settings(resamples=10, cast=USUAL))
    other, found = drawing.draw(name, letters, Settings(resamples=10, cast=RENAMED))
    assert texts(other) == texts(usual)
    back = {letter: method for method, letter in LETTERS.items()}
    columns = list(shown)  # rows may be in the order of names
    first, second = (table.sort_values(columns, ignore_index=True) for table in (renamed(found, back), shown))
    pd.testing.assert_frame_equal(first, second, check_dtype=False)


def test_a_config_tells_what_its_methods_are():
    config = yaml.safe_load((ROOT / "config/default.yaml").read_text())
    config["train"]["methods"]["scratch"]["label"] = "random weights"
    said = described(config)
    cast = Cast.of(said["methods"], said["roles"])
    assert said["sample"] == "image"
    assert cast.roles == ROLES
    assert cast["joint_random"] == Member("joint_random", "joint, random", "joint_random", joint=True)
    assert cast["scratch_from_start"].label == "random weights, against its own start"
    assert cast["reinitialised"].label == "re-initialised"


def test_a_config_tells_which_changes_have_a_known_effect():
    config = yaml.safe_load((ROOT / "config/default.yaml").read_text())
    config["train"]["methods"]["shaken"] = {"derive": {"change": "noise", "base": "finetune", "dose": 0.1}}
    config["grid"]["methods"].append("shaken")
    said = described(config)
    assert [method["name"] for method in said["methods"] if method["known"]] == ["shaken"]
    known = Cast.of(said["methods"], said["roles"]).known
    assert {"shaken", "probe_vs_shaken"} <= known
    assert "probe_vs_finetune" not in known


def test_a_name_says_nothing_of_a_method():
    """One that is called like a part without having it neither takes its label nor the published values of the part."""
    cast = Cast((Member("neighbour", "mine"), Member("b", "from scratch", "scratch")))
    assert cast["neighbour"].part is None
    assert cast.name_of("neighbour") != "neighbour"
    assert cast.name_of("scratch_from_start") == "b_from_start"
    assert cast["scratch"].label == "scratch"
    assert cast["reconstruct"].label == CAST["reconstruct"].label


@pytest.mark.parametrize("told", [{"methods": [{"title": "x"}]}, {"roles": {"teacher": "x"}}, {"methods": [3]}])
def test_what_is_no_cast_is_refused(told):
    with pytest.raises(InputError, match=r"figures.*(must be a list of|must be a mapping)"):
        Settings.of(told)


def test_a_missing_role_is_named():
    with pytest.raises(InputError, match="roles: no method is joint"):
        Settings(cast=Cast(roles={})).method(Role.JOINT)
