"""What a method is, by its recipe and its role, whatever it is called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from whypretrain.config.derived import interventions
from whypretrain.config.encoders import sample_word
from whypretrain.config.messages import unknown_names
from whypretrain.config.methods import Config, is_frozen, recipe_of
from whypretrain.config.parts import CAST, Part, Role
from whypretrain.config.recipe import Recipe

CLASSIFIES = "classification"  # the task of a method whose model classifies
# Keys that decide what is kept of a training, not what is trained.
_KEPT = ("checkpoints", "checkpoint_spacing")


def roles_of(config: Config) -> dict[Role, str]:
    """The method of each role that the grid has: as `roles` says, else the first one whose recipe fits.

    Example:
        The default's roles are {reference: probe, finetune: finetune, scratch: scratch, joint: joint_uot}.
    """
    said = config.get("roles", {})
    found = {}
    for role in Role:
        fitting = (method for method in config["grid"]["methods"] if _fits_role(config, method, role))
        method = said.get(role) or next(fitting, None)
        if method is not None and method in config["grid"]["methods"]:
            found[role] = method
    return found


def cast_of(config: Config) -> dict[str, list[str]]:
    """The methods of the grid that have each part of `CAST`, in the grid's order; parts without any are left out."""
    roles = roles_of(config)
    settings = {method: settings_of(config, method) for method in config["grid"]["methods"]}
    found: dict[str, list[str]] = {}
    for name, part in CAST.items():
        if part.role:
            methods = [roles[part.role]] if part.role in roles else []
        elif part.like and part.like not in found:
            methods = []
        else:
            other = settings[found[part.like][0]] if part.like else {}
            methods = [method for method, own in settings.items() if own is not other and _fits(own, other, part)]
        if methods:
            found[name] = methods if part.every else methods[:1]
    return found


def fill_followed(config: Config) -> None:
    """Put in place of null the methods looked at along their training: of the roles those that keep checkpoints."""
    roles, score, invariances = roles_of(config), config["interactions"]["score"], config["invariances"]
    for section, key, wanted in (
        (score, "dynamics", (Role.FINETUNE, Role.SCRATCH)),
        (invariances, "dynamics", (Role.FINETUNE,)),
        (invariances, "own_start", (Role.SCRATCH,)),
    ):
        if section.get(key) is None:
            methods = [roles[role] for role in wanted if role in roles]
            section[key] = [method for method in methods if _keeps_checkpoints(config, method)]


def role_problems(config: Config) -> Iterator[str]:
    """What is wrong with `roles`, and a grid without any model that classifies."""
    methods, said = config["train"]["methods"], config.get("roles", {})
    classifiers = [name for name in methods if recipe_of(config, name).get("task", CLASSIFIES) == CLASSIFIES]
    for role, method in said.items():
        yield from unknown_names(
            f"roles.{role}", [method] if method else [], "train.methods that classify", classifiers
        )
    found = roles_of(config)
    for role, method in found.items():
        if twice := [other for other in found if found[other] == method and other < role]:
            yield f"roles: {method!r} is both {role} and {twice[0]}; name a method for each"
    if not set(config["grid"]["methods"]) & set(classifiers):
        yield "grid.methods names no method that classifies; add one, e.g. a linear probe (start: frozen)"


def role_remarks(config: Config) -> Iterator[str]:
    """Which roles no method of the grid has, and what follows."""
    found = roles_of(config)
    if missing := [role for role in Role if role not in found]:
        yield (
            f"grid.methods has no method for the roles {', '.join(missing)}: tables and figures that need one are "
            "left out, claims about it are not run; add a method, or name one under roles"
        )


def labels_of(config: Config) -> dict[str, str]:
    """What figures call each method of the grid: its `label`, else that of its part, else its name as words."""
    parts = {method: name for name, methods in cast_of(config).items() if not CAST[name].every for method in methods}
    return {
        method: config["train"]["methods"][method].get("label")
        or (CAST[parts[method]].label if method in parts else method.replace("_", " "))
        for method in config["grid"]["methods"]
    }


def settings_of(config: Config, method: str) -> dict[str, Any]:
    """All that decides how a method trains, defaults filled in; of a linear probe its start and mode."""
    if is_frozen(config, method):
        return {"start": "frozen", "mode": config["train"]["methods"][method].get("mode", "strong")}
    own = recipe_of(config, method)
    if own.get("start") == "derived":
        return {**own, "task": "classification", "source": None, "tune": {}}
    start = own.get("start", "pretrained")
    filled = vars(Recipe.from_config({**own, "start": start if isinstance(start, str) else "pretrained"}))
    length = {"steps": filled["epochs"] or filled["steps"], "epochs": None}
    return {key: value for key, value in {**filled, **length, "start": start}.items() if key not in _KEPT}


def _fits(own: Mapping[str, Any], other: Mapping[str, Any], part: Part) -> bool:
    """Whether these settings are those of the part."""
    wanted = part.recipe.items()
    for key, value in wanted:
        if key not in own or not (value(own[key], other.get(key, 0)) if callable(value) else own[key] == value):
            return False
    if part.like is None:
        return True
    return all(own.get(key) == value for key, value in other.items() if key not in part.recipe)


def _keeps_checkpoints(config: Config, method: str) -> bool:
    """Whether it keeps checkpoints, by the recipe of every architecture."""
    found = [recipe_of(config, method, name) for name in config["grid"]["architectures"]]
    return not is_frozen(config, method) and all(own.get("checkpoints") for own in found)


def _fits_role(config: Config, method: str, role: Role) -> bool:
    own = settings_of(config, method)
    if role is Role.REFERENCE:
        return own["start"] == "frozen"
    if own["start"] == "frozen" or own["task"] != "classification":
        return False
    if role is Role.JOINT:
        return own["source"] is not None
    start = {Role.FINETUNE: "pretrained", Role.SCRATCH: "random"}[role]
    return own["start"] == start and own["source"] is None and not own["tune"]


def described(config: Config) -> dict[str, Any]:
    """What figures need to know of methods and samples, as plain values: the figures' part of a command line."""
    parts = {method: name for name, methods in reversed(cast_of(config).items()) for method in methods}
    roles = roles_of(config)
    changed = {change["method"] for change in interventions(config, roles.get(Role.FINETUNE))} - set(roles.values())
    methods = [
        {
            "name": method,
            "label": label,
            "part": parts.get(method),
            "joint": bool(config["train"]["methods"][method].get("source")),
            "known": method in changed,
        }
        for method, label in labels_of(config).items()
    ]
    named = {str(role): name for role, name in roles.items()}
    return {"methods": methods, "roles": named, "sample": sample_word(config)}
