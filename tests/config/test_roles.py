"""What methods stand for, found by their recipes whatever they are called."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from whypretrain.config import check, remarks
from whypretrain.config.roles import cast_of, fill_followed, roles_of

ROOT = Path(__file__).parents[2]
DEFAULT = yaml.safe_load((ROOT / "config/default.yaml").read_text())
LETTERS = dict(zip(DEFAULT["grid"]["methods"], "abcde", strict=True))


def config(methods: list[str] | None = None, more: dict[str, Any] | None = None, **roles: str) -> dict[str, Any]:
    """The default with these methods in its grid, `more` methods and these roles."""
    found = copy.deepcopy(DEFAULT)
    found["train"]["methods"] |= more or {}
    found["grid"]["methods"] = methods or [*found["grid"]["methods"], *(more or {})]
    return found | {"roles": roles}


def lettered() -> dict[str, Any]:
    """The default with one letter for each method, in no other order."""
    found = config(list("edcba"))
    found["train"]["methods"] = {LETTERS[name]: own for name, own in DEFAULT["train"]["methods"].items()}
    found["train"]["jobs"] = [[LETTERS[name] for name in job] for job in DEFAULT["train"]["jobs"]]
    return found


def test_roles_follow_from_recipes_or_are_named() -> None:
    found = {"reference": "probe", "finetune": "finetune", "scratch": "scratch", "joint": "joint_uot"}
    assert roles_of(config()) == found
    assert roles_of(config(joint="joint_random")) == found | {"joint": "joint_random"}
    assert roles_of(lettered()) == {"reference": "a", "finetune": "b", "scratch": "c", "joint": "e"}
    expected = {part: [LETTERS[name] for name in methods] for part, methods in cast_of(config()).items()}
    assert cast_of(lettered()) == expected
    check(lettered())


@pytest.mark.parametrize(
    ("part", "recipe"),
    [
        ("finetune_long", {"steps": 300, "checkpoints": 0}),
        ("finetune_again", {"draw": 1, "checkpoints": 2}),
        ("finetune_plain", {"augmentation": dict.fromkeys(["rotation", "translation", "scale", "shear"], 0.0)}),
        ("finetune_adam", {"learning_rate": 0.5}),
        ("finetune_sgd", {"optimizer": "sgd", "learning_rate": 0.1, "augmentation": {}}),
        ("joint_all", {"source": "all"}),
        ("joint_clusters", {"source": "vote", "source_loss": "consistency"}),
        ("reconstruct", {"task": "reconstruction"}),
        ("neighbour", {"start": {"digits": "letters/scratch", "letters": "digits/scratch"}}),
        ("probe_paper", {"start": "frozen", "mode": "paper"}),
    ],
)
def test_parts_follow_from_recipes(part: str, recipe: dict[str, Any]) -> None:
    assert cast_of(config(more={"x": {"start": "pretrained", **recipe}}))[part] == ["x"]


def test_a_long_training_may_count_epochs() -> None:
    given = config(more={"x": {"start": "pretrained", "epochs": 20}})
    given["train"]["methods"]["finetune"]["epochs"] = 10
    assert cast_of(given)["finetune_long"] == ["x"]


@pytest.mark.parametrize(
    ("methods", "missing"),
    [
        (["probe"], "finetune, scratch, joint"),
        (["finetune"], "reference, scratch, joint"),
        (["scratch"], "reference, finetune, joint"),
        (["finetune", "scratch"], "reference, joint"),
        (["probe", "joint_random"], "finetune, scratch"),
        (["probe", "finetune", "scratch", "joint_uot"], None),
    ],
)
def test_any_methods_are_a_grid(methods: list[str], missing: str | None) -> None:
    given = config(methods)
    check(given)
    found = list(remarks(given))
    assert len(found) == (missing is not None)
    assert all(f"no method for the roles {missing}:" in remark for remark in found)
    fill_followed(given)
    followed = [name for name in ("finetune", "scratch") if name in methods]
    assert given["interactions"]["score"]["dynamics"] == followed
    assert given["invariances"]["dynamics"] == [name for name in followed if name == "finetune"]
    assert given["invariances"]["own_start"] == [name for name in followed if name == "scratch"]


def test_what_keeps_no_checkpoints_is_not_followed() -> None:
    given = config()
    given["models"]["vit"]["train"] = {"methods": {"scratch": {"checkpoints": 0}}}
    given["invariances"]["own_start"] = []
    fill_followed(given)
    assert given["interactions"]["score"]["dynamics"] == ["finetune"]
