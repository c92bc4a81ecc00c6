"""What a figure needs of an experiment, decided by the config alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from whypretrain.config.derived import interventions
from whypretrain.config.encoders import is_text
from whypretrain.config.interaction_checks import is_sampled
from whypretrain.config.methods import Config, is_frozen, is_imported, recipe_of
from whypretrain.config.parts import Role
from whypretrain.config.roles import cast_of, roles_of


class Condition(NamedTuple):
    """A condition of figures: in words, for the report, and as a test of the config."""

    needs: str
    holds: Callable[[Config], bool]


def _recipes(config: Config) -> list[dict[str, Any]]:
    """What each method of the grid says about itself."""
    return [config["train"]["methods"][method] for method in config["grid"]["methods"]]


def _sources(config: Config) -> set[str]:
    return {recipe["source"] for recipe in _recipes(config) if recipe.get("source")}


def _followed(config: Config) -> int:
    return len(set(config["invariances"].get("dynamics", [])) & set(config["grid"]["methods"]))


def _is_corrupted(config: Config) -> bool:
    return any(config["invariances"].get(key) for key in ("corrupted", "corruptions"))


def _is_tuned(config: Config) -> bool:
    return any(recipe_of(config, method).get("tune") for method in config["grid"]["methods"])


CONDITIONS: dict[str, Condition] = {
    "reference": Condition("a linear probe in grid.methods", lambda c: Role.REFERENCE in roles_of(c)),
    "finetune": Condition("plain fine-tuning in grid.methods", lambda c: Role.FINETUNE in roles_of(c)),
    "scratch": Condition("training from scratch in grid.methods", lambda c: Role.SCRATCH in roles_of(c)),
    "joint": Condition("joint fine-tuning in grid.methods", lambda c: Role.JOINT in roles_of(c)),
    "source": Condition("source data (grid.source)", lambda c: c["grid"]["source"] is not None),
    "trained": Condition(
        "a method that trains, in grid.methods",
        lambda c: not all(is_frozen(c, method) for method in c["grid"]["methods"]),
    ),
    "images": Condition("images, not text", lambda c: not is_text(c)),
    "text": Condition("text, not images", is_text),
    "on_a_scale": Condition(
        "fine-tuning, joint fine-tuning or training from scratch in grid.methods",
        lambda c: bool({"finetune", "joint_uot", "joint_random", "scratch"} & set(cast_of(c))),
    ),
    "known_answers": Condition(
        "derived methods, or fine-tunings held to their start (config/validity.yaml)",
        lambda c: bool(interventions(c, roles_of(c).get(Role.FINETUNE))),
    ),
    "imported": Condition(
        "a method that was trained elsewhere (train.methods.NAME.weights)",
        lambda c: any(is_imported(c, method) for method in c["grid"]["methods"]),
    ),
    "several_sources": Condition(
        "joint methods with different sources (config/uot.yaml)", lambda c: len(_sources(c)) > 1
    ),
    "source_classes": Condition(
        "joint methods that differ in source_classes (config/uot.yaml)",
        lambda c: any(recipe.get("source_classes") for recipe in _recipes(c)),
    ),
    "tuned": Condition("a method with the key tune (config/uot.yaml)", _is_tuned),
    "duplicates": Condition(
        "a method with the key drop_duplicates (config/uot.yaml)",
        lambda c: any(recipe.get("drop_duplicates") for recipe in _recipes(c)),
    ),
    "target_variants": Condition(
        "the same target at several training sizes (config/uot_targets.yaml)",
        lambda c: any(c["datasets"][target].get("variant_of") for target in c["grid"]["targets"]),
    ),
    "several_starts": Condition(
        "six or more networks in grid.architectures, and scores of all coalitions (config/checkpoints.yaml)",
        lambda c: len(c["grid"]["architectures"]) >= 6 and not is_sampled(c),
    ),
    "study": Condition("the section study in the config", lambda c: c.get("study") is not None),
    "every_coalition": Condition(
        "scores of all coalitions (interactions.score.coalitions: all)", lambda c: not is_sampled(c)
    ),
    "similarity": Condition(
        "interactions followed along training (config key interactions.score.dynamics)",
        lambda c: bool(set(c["interactions"]["score"]["dynamics"]) & set(c["grid"]["methods"])),
    ),
    "followed": Condition(
        "models followed along their training (config key invariances.dynamics)", lambda c: _followed(c) > 0
    ),
    "several_followed": Condition(
        "several methods followed along their training (config/optimisers.yaml)", lambda c: _followed(c) > 1
    ),
    "pictures": Condition("leave to show images (config key report.pictures)", lambda c: c["report"]["pictures"]),
    "inversions": Condition(
        "inversions that are kept (config key invariances.pictures)", lambda c: c["invariances"].get("pictures") != 0
    ),
    "corrupted": Condition("accuracy on corrupted images at every checkpoint (config/invariances.yaml)", _is_corrupted),
}
