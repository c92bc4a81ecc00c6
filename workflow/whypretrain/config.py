"""Checks of the whole configuration, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from whypretrain.errors import InputError
from whypretrain.recipes import Config, is_frozen, method_problems, recipe_of
from whypretrain.schema import unknown_names, violation


def check(config: Config, schema: str | Path, *, places: bool = True) -> None:
    """Check keys, types and ranges against the JSON schema at `schema`, then what no schema can say.

    Without `places`, folders and files that a data set is read from need not be there yet.

    Raises:
        InputError: naming the key, what is wrong with it, and the mend; the first problem found is the one told.
    """
    if found := violation(config, schema):
        raise InputError(f"config: {found}")
    for problem in _problems(config, places):
        raise InputError(f"config: {problem}")


def remarks(config: Config) -> Iterator[str]:
    """What may be meant, but decides what the results say."""
    grid = config["grid"]
    drawn = config["datasets"][grid["source"]]["kind"] == "glyphs"
    given = [name for name in grid["architectures"] if config["models"][name].get("checkpoint")]
    joint = [method for method in grid["methods"] if config["train"]["methods"][method].get("source")]
    if drawn and given and joint:
        yield (
            f"models.{given[0]}.checkpoint: {', '.join(joint)} take {grid['source']!r} for what it was trained on; "
            "name its own data as grid.source, or leave them out of grid.methods"
        )


def _problems(config: Config, places: bool) -> Iterator[str]:
    """Everything that is wrong although each key by itself is right."""
    grid = config["grid"]
    yield from unknown_names("grid.source", [grid["source"]], "datasets", config["datasets"])
    yield from unknown_names("grid.targets", grid["targets"], "datasets", config["datasets"])
    yield from unknown_names("grid.architectures", grid["architectures"], "models", config["models"])
    methods = config["train"]["methods"]
    yield from unknown_names("grid.methods", grid["methods"], "train.methods", methods)
    yield from _dataset_problems(config, places)
    yield from _selection_problems(config)
    yield from method_problems(config)
    yield from _analysis_problems(config)
    yield from _followed_problems(config)
    yield from _player_problems(config)
    drawn = {"joint": ("train.methods", methods), "rule": ("select.rules", config["select"]["rules"])}
    for key, (section, known) in drawn.items():
        names = [config["figures"][key]] if key in config["figures"] else []
        yield from unknown_names(f"figures.{key}", names, section, known)


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
        yield from unknown_names(f"datasets.{name}.variant_of", [origin], "datasets", config["datasets"])
    corrupted = config["invariances"].get("corrupted", {})
    if corrupted and not config["invariances"].get("corruptions"):
        for target in sorted(set(grid["targets"]) - set(corrupted)):
            yield f"invariances.corrupted has no data set for {target!r}; name one, or give invariances.corruptions"
    yield from unknown_names("invariances.corrupted", [*corrupted.values()], "datasets", config["datasets"])


def _selection_problems(config: Config) -> Iterator[str]:
    """Numbers of classes, of a source that is drawn here: what is on disk is counted when it is read."""
    from whypretrain.data import SCRIPTS
    from whypretrain.data.sizes import expected_size

    for name, spec in config["datasets"].items():
        if spec["kind"] == "glyphs":
            yield from unknown_names(
                f"datasets.{name}.scripts", spec.get("scripts", []), "data/scripts.py", SCRIPTS
            )
    clusters, source = config["select"].get("clusters"), config["grid"]["source"]
    if clusters and clusters["chosen"] > clusters["number"]:
        yield f"select.clusters.chosen is {clusters['chosen']} of {clusters['number']} clusters; choose fewer"
    if "scripts" not in config["datasets"][source]:
        return
    there = expected_size(config["datasets"][source]).classes
    chosen = {"select.classes": config["select"]["classes"]}
    for method, recipe in config["train"]["methods"].items():
        if recipe.get("source_loss") != "consistency":
            chosen[f"train.methods.{method}.source_classes"] = recipe.get("source_classes") or 0
    for key, number in chosen.items():
        if number > there:
            yield f"{key} is {number}, but the source {source!r} has only {there} classes; choose fewer"


def _analysis_problems(config: Config) -> Iterator[str]:
    analysis, methods = config["interactions"]["analysis"], config["grid"]["methods"]
    named = {role: [analysis[role]] for role in ("reference", "finetune")}
    named["references"] = analysis.get("references", [])
    named["pairs"] = [method for pair in analysis.get("pairs", []) for method in pair]
    for key, names in named.items():
        among = methods if key in ("reference", "finetune") else [*methods, "reinitialised"]
        yield from unknown_names(f"interactions.analysis.{key}", names, "grid.methods", among)
    known = config["train"]["methods"]  # figures of scratch are left out where the grid has none
    yield from unknown_names("interactions.analysis.scratch", [analysis["scratch"]], "train.methods", known)
    whole = config["interactions"]["score"]
    for number in analysis.get("players", []):
        if number >= whole["players"] and not whole.get("player_file"):
            yield (
                f"interactions.analysis.players has {number}, which is not less than "
                f"interactions.score.players, {whole['players']}; give smaller numbers"
            )


def _followed_problems(config: Config) -> Iterator[str]:
    """What is looked at along its training must keep checkpoints."""
    followed = {"interactions.score.dynamics": config["interactions"]["score"]["dynamics"]}
    for key in ("dynamics", "own_start"):
        followed[f"invariances.{key}"] = config["invariances"].get(key, [])
    for key, methods in followed.items():
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
