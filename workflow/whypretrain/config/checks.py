"""Checks of the whole configuration, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator

from whypretrain.config.architectures import network_problems
from whypretrain.config.encoders import text_remarks
from whypretrain.config.experiment import Experiment
from whypretrain.config.grid import data_sets
from whypretrain.config.interaction_checks import interaction_problems, interaction_remarks
from whypretrain.config.messages import unknown_names
from whypretrain.config.methods import Config, imported_places, is_frozen, method_problems, recipe_of
from whypretrain.config.roles import fill_followed, role_problems, role_remarks
from whypretrain.config.text import adapted, text_problems
from whypretrain.errors import InputError
from whypretrain.provenance import located


def check(config: Config, *, places: bool = True) -> Config:
    """The config with every key that it leaves out, as plain values; recipes stay as they are given.

    Without `places`, folders and files that a data set is read from need not be there yet.

    Raises:
        InputError: naming the key, what is wrong with it, and the fix; only the first problem found is reported.
    """
    try:
        config = adapted(config)
        complete = {**Experiment.of(config).plain(), "datasets": _data_sets(config["datasets"])}
        for problem in _problems(complete, places):
            raise InputError(problem)
        fill_followed(complete)
    except InputError as error:
        raise InputError(f"config: {error}") from None
    return complete


def _data_sets(specs: Config) -> Config:
    """The sections of data sets, by the options of their kinds."""
    from whypretrain.data.kinds import options_of

    return {name: options_of(spec, f"datasets.{name}").plain() for name, spec in specs.items()}


def places_of(config: Config) -> dict[str, str]:
    """Files and folders of the user's that an experiment reads, by key, as `datasets.photos.root`."""
    from whypretrain.data.kinds import options_of

    grid, found = config["grid"], dict[str, str]()
    for name in {*data_sets(grid), *config["invariances"]["corrupted"].values()}:
        places = options_of(config["datasets"][name], f"datasets.{name}").places()
        found |= {f"datasets.{name}.{key}": place for key, place in places.items()}
    whole = Experiment.of(config)
    for name in grid["architectures"]:
        found |= {f"models.{name}.{key}": place for key, place in whole.models[name].places().items()}
    found |= imported_places(config)
    sections = {"interactions": whole.interactions, **({"study": whole.study} if whole.study else {})}
    return found | {f"{name}.{key}": place for name, each in sections.items() for key, place in each.places().items()}


def remarks(config: Config) -> Iterator[str]:
    """What may be meant, but decides what the results say."""
    yield from role_remarks(config)
    yield from text_remarks(config)
    yield from interaction_remarks(config)
    grid = config["grid"]
    drawn = grid["source"] and config["datasets"][grid["source"]]["kind"] == "glyphs"
    given = [name for name in grid["architectures"] if config["models"][name].get("checkpoint")]
    joint = [method for method in grid["methods"] if config["train"]["methods"][method].get("source")]
    if drawn and given and joint:
        yield (
            f"models.{given[0]}.checkpoint: {', '.join(joint)} assume that it was trained on {grid['source']!r}; "
            "name its own data as grid.source, or leave joint methods out of grid.methods"
        )


def _problems(config: Config, places: bool) -> Iterator[str]:
    """Everything that is wrong although each key by itself is right."""
    grid = config["grid"]
    yield from unknown_names("grid.source", filter(None, [grid["source"]]), "datasets", config["datasets"])
    for key in ("targets", "ranked_for"):
        yield from unknown_names(f"grid.{key}", grid[key], "datasets", config["datasets"])
    yield from unknown_names("grid.architectures", grid["architectures"], "models", config["models"])
    methods = config["train"]["methods"]
    yield from unknown_names("grid.methods", grid["methods"], "train.methods", methods)
    yield from text_problems(config)
    yield from _dataset_problems(config)
    yield from _selection_problems(config)
    yield from method_problems(config)
    yield from role_problems(config)
    yield from _followed_problems(config)
    yield from interaction_problems(config)
    yield from _network_problems(config)
    if places:
        yield from _place_problems(config)


def _dataset_problems(config: Config) -> Iterator[str]:
    grid = config["grid"]
    if grid["source"] in grid["targets"]:
        yield f"grid.targets names the source {grid['source']!r}; a target must be another data set"
    if twice := {grid["source"], *grid["targets"]} & {*grid["ranked_for"]}:
        yield f"grid.ranked_for names {min(twice)!r}, which is the source or a target; leave it out"
    if grid["ranked_for"] and not grid["source"]:
        yield "grid.ranked_for: there is no source whose classes could be ranked; name one as grid.source"
    for name in data_sets(grid):
        origin = config["datasets"][name].get("variant_of") or name
        yield from unknown_names(f"datasets.{name}.variant_of", [origin], "datasets", config["datasets"])
    corrupted = config["invariances"]["corrupted"]
    if corrupted and not config["invariances"]["corruptions"]:
        for target in sorted(set(grid["targets"]) - set(corrupted)):
            yield f"invariances.corrupted has no data set for {target!r}; name one, or give invariances.corruptions"
    yield from unknown_names("invariances.corrupted", [*corrupted.values()], "datasets", config["datasets"])


def _place_problems(config: Config) -> Iterator[str]:
    """What is named and not there; for published sets and weights one may plan, and their jobs say how to get them."""
    from whypretrain.data.kinds import size_of

    for key, place in places_of(config).items():
        section, name, *_ = key.split(".")
        if section == "datasets":
            planned = size_of(config["datasets"][name], key) is not None
        else:
            planned = section == "models" and config["models"][name]["published"] is not None
        try:
            missing = not located(place).exists()
        except InputError as error:
            yield f"{key}: {error}"
            continue
        if missing and not planned:
            yield f"{key}: {place} does not exist; check the path, which is relative to the checkout"


def _network_problems(config: Config) -> Iterator[str]:
    """Names and options that timm does not have."""
    for name in (name for name in config["grid"]["architectures"] if "architecture" in config["models"][name]):
        yield from network_problems(f"models.{name}.architecture", config["models"][name]["architecture"])


def _selection_problems(config: Config) -> Iterator[str]:
    """Rankings that are not made; numbers of classes, of a source whose size is known before it is made."""
    from whypretrain.data.kinds import size_of
    from whypretrain.selection.rules import rankings

    ranked = rankings(config["select"]["rules"], config["select"]["centre"])
    methods = config["train"]["methods"]
    named = {f"train.methods.{name}.source": methods[name].get("source") for name in config["grid"]["methods"]}
    for key, name in {**named, "figures.rule": config["figures"]["rule"]}.items():
        yield from unknown_names(key, filter(None, [name]), "select.rules", ranked)
    clusters, source = config["select"]["clusters"], config["grid"]["source"]
    if clusters and clusters["chosen"] > clusters["number"]:
        yield f"select.clusters.chosen is {clusters['chosen']} of {clusters['number']} clusters; choose fewer"
    there = size_of(config["datasets"][source], f"datasets.{source}") if source else None
    if there is None:
        return
    chosen = {"select.classes": config["select"]["classes"]}
    for method, recipe in config["train"]["methods"].items():
        if recipe.get("source_loss") != "consistency":
            chosen[f"train.methods.{method}.source_classes"] = recipe.get("source_classes") or 0
    for key, number in chosen.items():
        if number > there.classes:
            yield f"{key} is {number}, but the source {source!r} has only {there.classes} classes; choose fewer"


def _followed_problems(config: Config) -> Iterator[str]:
    """What is looked at is there, and along its training, must keep checkpoints."""
    chosen = config["invariances"]["methods"] or []
    yield from unknown_names("invariances.methods", chosen, "train.methods", config["train"]["methods"])
    followed = {"interactions.score.dynamics": config["interactions"]["score"]["dynamics"]}
    for key in ("dynamics", "own_start"):
        followed[f"invariances.{key}"] = config["invariances"][key]
    for key, methods in ((key, methods or []) for key, methods in followed.items()):
        yield from unknown_names(key, methods, "train.methods", config["train"]["methods"])
        for method in set(methods) & set(config["grid"]["methods"]):
            for architecture in config["grid"]["architectures"]:
                if is_frozen(config, method):
                    yield f"{key} names {method!r}, which starts frozen and has no training; leave it out"
                if not recipe_of(config, method, architecture).get("checkpoints"):
                    yield (
                        f"{key} names {method!r}, which keeps no checkpoints; "
                        f"give train.methods.{method}.checkpoints, or leave it out"
                    )
