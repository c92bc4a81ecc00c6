"""Checks of the section interactions, whose keys depend on each other and on what the methods are."""

from __future__ import annotations

from collections.abc import Iterator

from whypretrain.config.encoders import is_text
from whypretrain.config.messages import unknown_names
from whypretrain.config.methods import Config
from whypretrain.config.parts import CONTROLS, SHAM, Role
from whypretrain.config.roles import roles_of


def interaction_problems(config: Config) -> Iterator[str]:
    """What is wrong with the section interactions although each key by itself is right."""
    yield from _analysis_problems(config)
    yield from () if is_text(config) else _player_problems(config)
    yield from _control_problems(config)
    yield from _sampling_problems(config)


def _analysis_problems(config: Config) -> Iterator[str]:
    """Names of methods that there are nowhere; what names methods outside the grid is left out."""
    analysis, methods = config["interactions"]["analysis"], config["train"]["methods"]
    named = {"references": analysis["references"], "pairs": [method for pair in analysis["pairs"] for method in pair]}
    for key, names in named.items():
        known = [*methods, *CONTROLS]
        yield from unknown_names(f"interactions.analysis.{key}", names, "train.methods", known)
    whole = config["interactions"]["score"]
    for number in analysis["players"]:
        if number >= whole["players"] and not whole["player_file"]:
            yield (
                f"interactions.analysis.players has {number}, which is not less than "
                f"interactions.score.players, {whole['players']}; give smaller numbers"
            )


def _player_problems(config: Config) -> Iterator[str]:
    section, size = config["interactions"], config["image"]["size"]
    variants = {f"variants.{name}": {**section["score"], **own} for name, own in section["variants"].items()}
    for name, score in {"score": section["score"], **variants}.items():
        cells, margin = score["grid"], score["margin"]
        usable = max(cells - 2 * margin, 0) ** 2
        if score["players"] > usable:
            yield (
                f"interactions.{name}.players is {score['players']}, but a grid of {cells} x {cells} cells "
                f"with margin {margin} has only {usable}; choose fewer players or a finer grid"
            )
        if size % cells:
            yield f"interactions.{name}.grid is {cells}, which does not divide image.size {size}; choose a divisor"
        if score["level"] == "feature" and score["baseline"] == "blur":
            yield f"interactions.{name}.baseline is blur, which hides no features; choose zero, mean or dataset"


def is_sampled(config: Config) -> bool:
    """Whether random coalitions are scored in place of all."""
    return bool(config["interactions"]["score"].get("coalitions") == "sampled")


def interaction_remarks(config: Config) -> Iterator[str]:
    """What is left out where coalitions are sampled."""
    if is_sampled(config):
        yield (
            "interactions.score.coalitions is sampled: agreement is estimated at degrees 1 to 3 and over all degrees; "
            "tables and figures that need every coalition (single effects, their shares and null, commonality) are "
            "left out, claims about them are not run"
        )


def _sampling_problems(config: Config) -> Iterator[str]:
    """What asks for tables that need every coalition."""
    section = config["interactions"]
    if not is_sampled(config):
        for name, own in section["variants"].items():
            if own.get("coalitions") == "sampled":
                yield f"interactions.variants.{name}.coalitions: the table of sensitivities needs all; leave it out"
        return
    analysis, fix = section["analysis"], "leave it out, or score all coalitions (interactions.score.coalitions: all)"
    if analysis["kind"] == "and_or":
        yield f"interactions.analysis.kind: and_or splits scores of all coalitions; {fix}"
    for key in ("players", "references"):
        if analysis[key]:
            yield f"interactions.analysis.{key} is for the table of sensitivities, which needs all coalitions; {fix}"
    if section["variants"]:
        yield f"interactions.variants are for the table of sensitivities, which needs all coalitions; {fix}"


def _control_problems(config: Config) -> Iterator[str]:
    """A sham fine-tuning needs a recipe and the data of pre-training; variants have no controls."""
    for name, own in config["interactions"]["variants"].items():
        if own.get("controls"):
            yield f"interactions.variants.{name}.controls: the table of sensitivities has no controls; leave it out"
    if SHAM not in config["interactions"]["score"]["controls"]:
        return
    grid, key = config["grid"], f"interactions.score.controls has {SHAM!r}"
    if Role.FINETUNE not in roles_of(config):
        yield f"{key}, which repeats the recipe of plain fine-tuning; add such a method, or leave {SHAM!r} out"
    given = [name for name in grid["architectures"] if config["models"][name].get("checkpoint")]
    if grid["source"] is None:
        yield f"{key}, which trains on the source, but grid.source is null; leave {SHAM!r} out, or name a data set"
    elif given and config["datasets"][grid["source"]]["kind"] == "glyphs":
        yield (
            f"{key}, which trains on the source, but models.{given[0]}.checkpoint was not trained on "
            f"{grid['source']!r}; name its own data as grid.source, or leave {SHAM!r} out"
        )
