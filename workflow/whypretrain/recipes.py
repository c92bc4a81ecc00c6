"""The methods of a config: the recipe that each comes to, and what is wrong with them before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from whypretrain.errors import InputError
from whypretrain.schema import unknown_names

Config = dict[str, Any]
_TAKEN = ("pretrained", "reinitialised")


def recipe_of(
    config: Config, method: str, architecture: str | None = None, target: str | None = None
) -> Config:
    """A method's recipe: what all share, what the method changes, and the architecture's own changes to both.

    For a target, `start` is the model that it starts from there.
    """
    train = config["train"]
    own = config["models"][architecture].get("train", {}) if architecture else {}
    changes = [own.get("common", {}), train["methods"][method], own.get("methods", {}).get(method, {})]
    found = {key: value for part in (train["common"], *changes) for key, value in part.items()}
    if target and isinstance(found.get("start"), dict):
        found["start"] = found["start"][target]
    return found


def probe_of(
    config: Config, method: str, architecture: str | None = None, target: str | None = None
) -> Config:
    """What a linear probe is fitted by: the keys of the method, and in mode `paper` the recipe that others have."""
    own: Config = config["train"]["methods"][method]
    return recipe_of(config, method, architecture, target) if own.get("mode") == "paper" else own


def is_frozen(config: Config, method: str) -> bool:
    """Whether a method is a linear probe, which no recipe trains."""
    return bool(config["train"]["methods"][method].get("start") == "frozen")


def method_problems(config: Config) -> Iterator[str]:
    """What is wrong with the methods although each key by itself is right."""
    yield from _source_problems(config)
    yield from _job_problems(config)
    yield from _start_problems(config)
    yield from _recipe_problems(config)


def _source_problems(config: Config) -> Iterator[str]:
    """What joint methods draw on is there, and no method has a name that is taken."""
    ranked = config["select"]["rules"]
    for method in config["grid"]["methods"]:
        if method in _TAKEN:
            yield f"grid.methods names {method!r}, as the tables name a model of their own; choose another name"
        recipe = config["train"]["methods"][method]
        rule = recipe.get("source")
        if recipe.get("source_loss") == "consistency" and "clusters" not in config["select"]:
            yield (
                f"train.methods.{method}.source_loss is 'consistency', which needs select.clusters; "
                "give it their number and how many are chosen"
            )
        if rule:
            yield from unknown_names(f"train.methods.{method}.source", [rule], "select.rules", ranked)


def _job_problems(config: Config) -> Iterator[str]:
    """Every method is trained by one job, and with settings that are used."""
    methods = config["train"]["methods"]
    listed = [method for job in config["train"]["jobs"] for method in job]
    yield from unknown_names("train.jobs", listed, "train.methods", methods)
    for method in listed:
        if listed.count(method) > 1:
            yield f"train.jobs names {method!r} {listed.count(method)} times; one job trains a method"
        if is_frozen(config, method):
            yield f"train.jobs names {method!r}, which is fitted on frozen features and not trained; leave it out"
    for name, model in config["models"].items():
        section, own = f"models.{name}.train.methods", model.get("train", {}).get("methods", {})
        yield from unknown_names(section, own, "train.methods", methods)
        for method in own:
            if is_frozen(config, method):
                yield f"{section}.{method}: a method that starts frozen has no recipe; leave it out"


def _start_problems(config: Config) -> Iterator[str]:
    """Models that others start from: each of another target, trained, and from no third one, so without circles."""
    grid, methods = config["grid"], config["train"]["methods"]
    elsewhere = [method for method in grid["methods"] if isinstance(methods[method].get("start"), dict)]
    for method in elsewhere:
        key, starts = f"train.methods.{method}.start", methods[method]["start"]
        for target in (target for target in grid["targets"] if target not in starts):
            yield f"{key} has no model for the target {target!r}; name one, OTHER/METHOD"
        for target, (other, by) in ((target, starts[target].split("/")) for target in grid["targets"]):
            if other == target or other not in grid["targets"]:
                others = ", ".join(name for name in grid["targets"] if name != target) or "none"
                yield f"{key}.{target} names {other!r}; choose another target of grid.targets: {others}"
            trained = [name for name in grid["methods"] if name not in elsewhere]
            trained = [name for name in trained if methods[name].get("start") != "frozen"]
            yield from unknown_names(
                f"{key}.{target}", [by], "the methods trained from no third model", dict.fromkeys(trained)
            )
        for job in (job for job in config["train"]["jobs"] if method in job and len(job) > 1):
            yield f"train.jobs: {method!r} waits for a model of another target; take it out of {job}"


def _recipe_problems(config: Config) -> Iterator[str]:
    from whypretrain.training.recipe import Recipe

    if config["pretrain"].get("tune"):
        yield "pretrain.tune: pre-training is not tuned; tune a method on the target, in train.methods"
    changed = [name for name in config["grid"]["architectures"] if config["models"][name].get("train")]
    for method in config["grid"]["methods"]:
        frozen = is_frozen(config, method)
        if frozen and config["train"]["methods"][method].get("mode") != "paper":
            continue
        for architecture in (None, *changed):
            recipe = recipe_of(config, method, architecture, config["grid"]["targets"][0])
            recipe = {
                key: value for key, value in recipe.items() if not frozen or key not in ("start", "mode")
            }
            where = f"models.{architecture}.train.methods" if architecture else "train.methods"
            try:
                Recipe.from_config(recipe, f"{where}.{method}")
            except InputError as error:
                yield str(error)
