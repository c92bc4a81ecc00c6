"""Experiments on text: which keys of the default are for pixels and ignored, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml

from whypretrain.config.encoders import LEARNING_RATE, encoders, is_text
from whypretrain.config.grid import data_sets
from whypretrain.config.methods import Config, is_imported
from whypretrain.errors import InputError
from whypretrain.provenance.home import DEFAULT, home

BASELINES = ("mask", "pad", "embedding")  # of text
#: Keys that only images have, below their sections; those of the default are left out, others are refused.
_PIXELS = {
    "image": ("size", "channels"),
    "pretrain": ("augmentation",),
    "train.common": ("augmentation",),
    "interactions.score": ("grid", "margin", "player_file", "level", "background"),
    "invariances": (
        *("steps", "step_size", "decay", "batch_size", "repeats", "learning_along", "accuracy_images"),
        *("pictures", "pilot_images", "corruptions", "corrupted"),
    ),
}
_WITHOUT_LABELS = {"masked": True, "reconstruction": False}  # tasks, and whether text has them


def adapted(config: Config) -> Config:
    """The config of an experiment on text without what the default says about pixels; any other as it is.

    Raises:
        InputError: if a config sets a key for pixels itself.
    """
    if not _is_config(config) or not is_text(config):
        return config
    default, found = _default(), dict(config)
    for place, keys in _PIXELS.items():
        own, inherited = _at(config, place), _at(default, place)
        for key in keys:
            if own.get(key) and own[key] != inherited.get(key):
                raise InputError(f"{place}.{key} is for images, but this experiment uses text; leave it out")
    for name in ("pretrain", "train"):
        found[name] = dict(found[name])
    found["pretrain"].pop("augmentation", None)
    found["train"]["common"] = {key: own for key, own in _at(config, "train.common").items() if key != "augmentation"}
    if found["train"]["common"].get("learning_rate") == _at(default, "train.common").get("learning_rate"):
        found["train"]["common"]["learning_rate"] = LEARNING_RATE
    score = dict(_at(config, "interactions.score"))
    if score.get("baseline", "mean") == "mean":
        score["baseline"] = BASELINES[0]
    found["interactions"] = {**config.get("interactions", {}), "score": score}
    if config["grid"]["methods"] == _at(default, "grid").get("methods"):
        plain = [name for name in config["grid"]["methods"] if not _method(config, name).get("source")]
        found["grid"] = {**config["grid"], "methods": plain}
    return found


def text_problems(config: Config) -> Iterator[str]:
    """What is wrong with an experiment on text, or with one that mixes text and images."""
    sets, models = _text_sets(config), encoders(config)
    if not any(sets.values()) and not is_text(config):
        if config["interactions"]["score"]["baseline"] in BASELINES:
            yield "interactions.score.baseline hides words of a text; use mean, zero, dataset or blur for images"
        return
    for kind, found, key in (("data set", sets, "grid.source and grid.targets"), ("model", models, "models")):
        for name in (name for name, of_text in found.items() if not of_text):
            yield (
                f"{key}: the {kind} {name!r} is for images, others in the grid are for text; use one or the other"
                f"{': set grid.source: null' if name == config['grid']['source'] else ''}"
            )
    for method in config["grid"]["methods"]:
        own = _method(config, method)
        if own.get("source"):
            yield f"train.methods.{method}.source: joint training is for images; leave {method!r} out of grid.methods"
        if is_imported(config, method):
            yield f"train.methods.{method}.weights: trained models of text are not read; leave it out"
        if "augmentation" in own:
            yield f"train.methods.{method}.augmentation is for images, but this experiment uses text; leave it out"
        if not _WITHOUT_LABELS.get(str(own.get("task")), True):
            yield f"train.methods.{method}.task: {own['task']} is of images; use masked, or leave it out"
    score, variants = config["interactions"]["score"], config["interactions"]["variants"]
    for name, own in {"score": score, **{f"variants.{name}": own for name, own in variants.items()}}.items():
        if own.get("baseline", BASELINES[0]) not in BASELINES:
            yield (
                f"interactions.{name}.baseline is {own['baseline']}, which hides pixels; "
                f"use {', '.join(BASELINES)} for words"
            )


def _text_sets(config: Config) -> dict[str, bool]:
    """Whether each data set of the grid is of text; what is wrong with a section is reported elsewhere."""
    from whypretrain.data.kinds import is_text as of_text

    found, specs = {}, config.get("datasets", {})
    for name in data_sets(config["grid"]):
        try:
            found[name] = of_text(specs[name]) if name in specs else False
        except InputError:
            found[name] = False
    return found


def _is_config(config: Any) -> bool:
    """Whether the sections that are looked at are mappings; their checks tell what else is wrong."""
    grid = config.get("grid") if isinstance(config, Mapping) else None
    lists = ("targets", "architectures", "methods")
    sections = (*_PIXELS, "train", "train.methods", "datasets", "models")
    return (
        isinstance(grid, Mapping)
        and "source" in grid
        and isinstance(grid["source"], str | None)
        and all(isinstance(grid.get(key), list | tuple) for key in lists)
        and all(isinstance(name, str) for key in lists for name in grid[key])
        and all(isinstance(_at(config, key), Mapping) for key in sections)
    )


def _method(config: Config, name: str) -> Mapping[str, Any]:
    found = config["train"]["methods"].get(name)
    return found if isinstance(found, Mapping) else {}


def _at(config: Mapping[str, Any], place: str) -> Any:
    """A section by its path; empty where it is not there."""
    found: Any = config
    for key in place.split("."):
        found = found.get(key, {}) if isinstance(found, Mapping) else {}
    return found


@cache
def _default() -> dict[str, Any]:
    return yaml.safe_load((home() / DEFAULT).read_text())
