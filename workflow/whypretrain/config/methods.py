"""The methods of a config: the recipe that each comes to, and what is wrong with them before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

from whypretrain.config.derived import derived_of, derived_problems
from whypretrain.config.messages import unknown_names
from whypretrain.config.parts import CONTROLS, PRETRAINED
from whypretrain.config.recipe import IMPORTED, Imported, Recipe
from whypretrain.errors import InputError

Config = dict[str, Any]


def recipe_of(config: Config, method: str, architecture: str | None = None, target: str | None = None) -> Config:
    """A method's recipe: what all share, what the method changes, and the architecture's own changes to both.

    For a target, `start` is the model that it starts from there.
    """
    train = config["train"]
    own = config["models"][architecture].get("train", {}) if architecture else {}
    changes = [own.get("common", {}), train["methods"][method], own.get("methods", {}).get(method, {})]
    if is_imported(config, method):
        own = train["methods"][method]
        kept = {"checkpoints": 2} if own.get("checkpoint_files") else {}  # the files decide how many
        return {"start": own.get("start", "pretrained"), **kept}
    if derived_of(config, method):
        return {"start": "derived"}
    found = {key: value for part in (train["common"], *changes) for key, value in part.items() if key != "label"}
    if target and isinstance(found.get("start"), dict):
        found["start"] = found["start"][target]
    return found


def probe_of(config: Config, method: str, architecture: str | None = None, target: str | None = None) -> Config:
    """What a linear probe is fitted by: the keys of the method, and in mode `paper` the recipe that others have."""
    own: Config = {key: value for key, value in config["train"]["methods"][method].items() if key != "label"}
    return recipe_of(config, method, architecture, target) if own.get("mode") == "paper" else own


def is_frozen(config: Config, method: str) -> bool:
    """Whether a method is a linear probe, which no recipe trains."""
    return bool(config["train"]["methods"][method].get("start") == "frozen")


def is_imported(config: Config, method: str) -> bool:
    """Whether a method is a model that was trained elsewhere."""
    return config["train"]["methods"][method].get("weights") is not None


def is_normalised(config: Config, architecture: str) -> bool:
    """Whether the config names mean and std of an architecture."""
    network = config["models"][architecture].get("architecture") or {}
    return network.get("mean") is not None and network.get("std") is not None


def imported_of(config: Config, method: str, **run: Any) -> Config:
    """What an imported method is read from in a run (target, architecture, seed): weights, checkpoint_files, state."""
    own = config["train"]["methods"][method]
    found = {key: own.get(key) for key in IMPORTED}
    for name, value in run.items():
        found = {key: each and str(each).replace(f"{{{name}}}", str(value)) for key, each in found.items()}
    return found


def imported_places(config: Config) -> dict[str, str]:
    """Files of imported methods by key, train.methods.NAME.TARGET.ARCHITECTURE.SEED.weights and so on."""
    grid, found = config["grid"], dict[str, str]()
    for method in (method for method in grid["methods"] if is_imported(config, method)):
        for target, architecture, seed in product(grid["targets"], grid["architectures"], grid["seeds"]):
            own = imported_of(config, method, target=target, architecture=architecture, seed=seed)
            section = Imported.of({key: value for key, value in own.items() if value is not None})
            key = f"train.methods.{method}.{target}.{architecture}.{seed}"
            found |= {f"{key}.{name}": place for name, place in section.places().items()}
    return found


def method_problems(config: Config) -> Iterator[str]:
    """What is wrong with the methods although each key by itself is right."""
    yield from _source_problems(config)
    yield from _job_problems(config)
    yield from _start_problems(config)
    yield from _recipe_problems(config)
    yield from _imported_problems(config)
    yield from derived_problems(config)


def _source_problems(config: Config) -> Iterator[str]:
    """What joint methods draw on is there, and no method has a name that is taken."""
    grid = config["grid"]
    if grid["source"] is None:
        trained = [name for name in grid["architectures"] if not config["models"][name].get("checkpoint")]
        taking = [name for name in grid["methods"] if config["train"]["methods"][name].get("source")]
        for name in trained:
            yield f"grid.source is null, but models.{name} has no checkpoint; give one, or name data to pre-train on"
        for name in taking:
            yield f"grid.source is null, but the method {name!r} takes source images; leave it out, or name their data"
    for method in config["grid"]["methods"]:
        if method in (PRETRAINED, *CONTROLS):
            yield f"grid.methods names {method!r}, as the tables name a model of their own; choose another name"
        recipe = config["train"]["methods"][method]
        if recipe.get("source_loss") == "consistency" and not config["select"]["clusters"]:
            yield (
                f"train.methods.{method}.source_loss is 'consistency', which needs select.clusters; "
                "give it their number and how many are chosen"
            )


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
        if derived_of(config, method):
            yield f"train.jobs names {method!r}, which is derived and not trained; leave it out"
        if is_imported(config, method):
            yield f"train.jobs names {method!r}, which was trained elsewhere; leave it out"
    for name, model in config["models"].items():
        section, own = f"models.{name}.train.methods", model.get("train", {}).get("methods", {})
        yield from unknown_names(section, own, "train.methods", methods)
        for method in own:
            if is_frozen(config, method):
                yield f"{section}.{method}: a method that starts frozen has no recipe; leave it out"
            if is_imported(config, method):
                yield f"{section}.{method}: a method with weights has no recipe; leave it out"


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


def _imported_problems(config: Config) -> Iterator[str]:
    """One model does not stand for several targets, architectures or seeds: their intervals would be empty."""
    grid = config["grid"]
    for method in (method for method in grid["methods"] if is_imported(config, method)):
        weights = config["train"]["methods"][method]["weights"]
        for name, listed in (("target", "targets"), ("architecture", "architectures"), ("seed", "seeds")):
            if len(grid[listed]) > 1 and f"{{{name}}}" not in weights:
                yield (
                    f"train.methods.{method}.weights names one model, but grid.{listed} has {len(grid[listed])}; "
                    f"put {{{name}}} into the path, or give one"
                )


def _recipe_problems(config: Config) -> Iterator[str]:
    if config["pretrain"].get("tune"):
        yield "pretrain.tune: pre-training is not tuned; tune a method on the target, in train.methods"
    models = config["models"]
    changed = [name for name in config["grid"]["architectures"] if any(models[name].get("train", {}).values())]
    for method in config["grid"]["methods"]:
        frozen = is_frozen(config, method)
        if derived_of(config, method):
            continue
        if frozen and config["train"]["methods"][method].get("mode") != "paper":
            continue
        for architecture in (None, *changed):
            recipe = recipe_of(config, method, architecture, config["grid"]["targets"][0])
            recipe = {key: value for key, value in recipe.items() if not frozen or key not in ("start", "mode")}
            where = f"models.{architecture}.train.methods" if architecture else "train.methods"
            try:
                Recipe.from_config(recipe, f"{where}.{method}")
            except InputError as error:
                yield str(error)
