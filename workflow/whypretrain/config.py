"""Checks of the whole configuration, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from whypretrain.errors import InputError

Config = dict[str, Any]


def check(config: Config, schema: str | Path, *, places: bool = True) -> None:
    """Check keys, types and ranges against the JSON schema at `schema`, then what no schema can say.

    Without `places`, folders and files that a data set is read from need not be there yet.

    Raises:
        InputError: naming the key, what is wrong with it, and the mend; the first problem found is the one told.
    """
    from jsonschema import Draft202012Validator

    validator = Draft202012Validator(_read(schema))
    errors = sorted(
        validator.iter_errors(config), key=lambda error: [str(part) for part in error.absolute_path]
    )
    if errors:
        raise InputError(f"config: {_describe(errors[0])}")
    for problem in _problems(config, places):
        raise InputError(f"config: {problem}")


@cache
def _read(schema: str | Path) -> Any:
    return yaml.safe_load(Path(schema).read_text())


def _describe(error: Any) -> str:
    """One schema violation in one line: the key's path, what is wrong, the mend."""
    if error.context:
        error = max(error.context, key=lambda inner: (len(inner.absolute_path), inner.validator != "type"))
    where = ".".join(map(str, error.absolute_path)) or "the top level"
    if error.validator == "additionalProperties":
        return _describe_unknown_key(error, where)
    if error.validator == "required":
        return f"{where}: {error.message}"
    if error.validator == "type":
        expected = error.validator_value
        names = expected if isinstance(expected, str) else " or ".join(expected)
        return f"{where} must be of type {names}, not {error.instance!r}"
    if error.validator == "enum":
        return f"{where} must be one of {', '.join(map(repr, error.validator_value))}, not {error.instance!r}"
    return f"{where}: {error.message}"


def _describe_unknown_key(error: Any, where: str) -> str:
    known = list(error.schema.get("properties", {}))
    unknown = next(key for key in error.instance if key not in known)
    close = get_close_matches(str(unknown), known, n=1)
    mend = f"did you mean {close[0]!r}?" if close else f"known keys: {', '.join(sorted(known))}"
    return f"unknown key {unknown!r} in {where}; {mend}"


def _problems(config: Config, places: bool) -> Iterator[str]:
    """Everything that is wrong although each key by itself is right."""
    grid = config["grid"]
    yield from _unknown_names("grid.source", [grid["source"]], "datasets", config["datasets"])
    yield from _unknown_names("grid.targets", grid["targets"], "datasets", config["datasets"])
    yield from _unknown_names("grid.architectures", grid["architectures"], "models", config["models"])
    methods = config["train"]["methods"]
    yield from _unknown_names("grid.methods", grid["methods"], "train.methods", methods)
    yield from _dataset_problems(config, places)
    yield from _method_problems(config)
    yield from _start_problems(config)
    yield from _recipe_problems(config)
    yield from _player_problems(config)


def _unknown_names(key: str, names: list[str], section: str, known: Config) -> Iterator[str]:
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            mend = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(sorted(known))}"
            yield f"{key} names {name!r}, which is not in {section}; {mend}"


def _dataset_problems(config: Config, places: bool) -> Iterator[str]:
    grid = config["grid"]
    if grid["source"] in grid["targets"]:
        yield f"grid.targets names the source {grid['source']!r}; a target must be another data set"
    for name in [grid["source"], *grid["targets"]]:
        spec = config["datasets"][name]
        # A published set that is not there yet is planned for; its job tells how to get it.
        place = {"imagefolder": spec.get("root"), "npz": spec.get("path")}.get(spec["kind"])
        if places and place and not Path(place).exists():
            yield f"datasets.{name}: {place} does not exist; give the folder or file that holds the data"
        origin = config["datasets"][name].get("variant_of") or name
        yield from _unknown_names(f"datasets.{name}.variant_of", [origin], "datasets", config["datasets"])
    corrupted = config["invariances"].get("corrupted", {})
    if corrupted and not config["invariances"].get("corruptions"):
        for target in sorted(set(grid["targets"]) - set(corrupted)):
            yield f"invariances.corrupted has no data set for {target!r}; name one, or give invariances.corruptions"
    yield from _unknown_names("invariances.corrupted", [*corrupted.values()], "datasets", config["datasets"])


def _method_problems(config: Config) -> Iterator[str]:
    ranked = config["select"]["rules"]
    for method in config["grid"]["methods"]:
        recipe = config["train"]["methods"][method]
        rule = recipe.get("source")
        if recipe.get("source_loss") == "consistency" and "clusters" not in config["select"]:
            yield (
                f"train.methods.{method}.source_loss is 'consistency', which needs select.clusters; "
                "give it their number and how many are chosen"
            )
        if rule and rule not in ranked:
            yield (
                f"train.methods.{method}.source is {rule!r}, which is not in select.rules; "
                f"add it there or choose among {', '.join(ranked)}"
            )

    analysis = config["interactions"]["analysis"]
    scored = dict.fromkeys([*config["grid"]["methods"], "reinitialised"])
    for pair in analysis.get("pairs", []):
        yield from _unknown_names("interactions.analysis.pairs", pair, "grid.methods", scored)
    for role in ("reference", "finetune"):
        if analysis[role] not in config["grid"]["methods"]:
            yield (
                f"interactions.analysis.{role} is {analysis[role]!r}, which is not in grid.methods; "
                f"add it there or choose among {', '.join(config['grid']['methods'])}"
            )
    followed = {"interactions.score.dynamics": config["interactions"]["score"]["dynamics"]}
    followed |= {
        f"invariances.{key}": config["invariances"].get(key, []) for key in ("dynamics", "own_start")
    }
    for key, methods in followed.items():
        yield from _unknown_names(key, methods, "train.methods", config["train"]["methods"])


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
            yield from _unknown_names(
                f"{key}.{target}", [by], "the methods trained from no third model", dict.fromkeys(trained)
            )
        for job in (job for job in config["train"]["jobs"] if method in job and len(job) > 1):
            yield f"train.jobs: {method!r} waits for a model of another target; take it out of {job}"


def _recipe_problems(config: Config) -> Iterator[str]:
    from whypretrain.training.recipe import Recipe

    if config["pretrain"].get("tune"):
        yield "pretrain.tune: pre-training is not tuned; tune a method on the target, in train.methods"
    for method in config["grid"]["methods"]:
        recipe = config["train"]["methods"][method]
        if recipe.get("start") == "frozen":
            continue
        if isinstance(recipe.get("start"), dict):
            recipe = {**recipe, "start": next(iter(recipe["start"].values()))}
        try:
            Recipe.from_config({**config["train"]["common"], **recipe}, f"train.methods.{method}")
        except InputError as error:
            yield str(error)


def _player_problems(config: Config) -> Iterator[str]:
    section, size = config["interactions"], config["image"]["size"]
    variants = {f"variants.{name}": {**section["score"], **own} for name, own in section["variants"].items()}
    for name in (name for name, own in section["variants"].items() if "shards" in own):
        yield f"interactions.variants.{name}.shards: a variant is scored in one job; leave it out"
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
        if score.get("level") == "feature" and score["baseline"] == "blur":
            yield f"interactions.{name}.baseline is blur, which hides no features; choose zero, mean or dataset"
