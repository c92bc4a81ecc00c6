"""Stage train: models of one architecture and seed on one target, by one or more methods in turn.

Each method leaves model.safetensors, model.json, checkpoints.safetensors, history.csv and metrics.json in its
folder, and tuning.csv where its recipe holds values to choose from; the result does not depend on which methods share
the process. A killed run goes on from `<folder>.running`, once its settings are chosen again.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import safetensors.torch

from whypretrain import data, files, models
from whypretrain.errors import InputError
from whypretrain.stages._run import add_folders, parser, run
from whypretrain.training import parallel
from whypretrain.training.fit import TrainingResult
from whypretrain.training.methods import evaluate, starting_model, train
from whypretrain.training.recipe import Recipe
from whypretrain.training.tuning import tuned

# Settings of a recipe that the metrics tell, too.
_SAID = ("source", "source_loss", "source_weight", "source_ratio", "drop_duplicates")


def stage(arguments: argparse.Namespace) -> None:
    """Train every method of `--out`; config keys: recipes (method -> recipe), seed."""
    with parallel.together():
        _train_all(arguments)


def _train_all(arguments: argparse.Namespace) -> None:
    recipes = _recipes(arguments.config, list(arguments.out))
    target = data.load(arguments.target)
    about = {
        "target": arguments.target.name,
        "architecture": arguments.pretrained.parent.name,
        "seed": arguments.seed,
    }
    name = (arguments.config.get("seed", 0), "train", about["target"], arguments.seed)
    pretrained = models.load(arguments.pretrained)
    source = data.load(arguments.source) if arguments.source else None
    for method, recipe in recipes.items():
        seed = recipe.seed(*name)
        folder = arguments.out[method]
        make = partial(_trained, arguments, pretrained, source, method, seed)
        recipe, trials = tuned(recipe, target, lambda *given, make=make: _accuracy(make(*given)), seed=seed)
        recipe = recipe.lasting(len(target.rows("train")))
        model, result, metrics = make(recipe, target, running=folder.with_name(f"{folder.name}.running"))
        if recipe.precision != "float32":
            metrics["precision"] = result.precision
        if files.leads():
            _write(folder, model, result, {**about, "method": method}, recipe, metrics, trials)


def _trained(
    arguments: argparse.Namespace,
    pretrained: models.Classifier,
    source: data.ImageSet | None,
    method: str,
    seed: int,
    recipe: Recipe,
    target: data.ImageSet,
    *,
    running: Path | None = None,
) -> tuple[models.Classifier, TrainingResult, dict[str, Any]]:
    """A model trained by a recipe, its training, and its metrics on the target's test images."""
    recipe = recipe.lasting(len(target.rows("train")))
    start = _start(arguments, pretrained, recipe, method)
    model = starting_model(start, target.classes, recipe, seed=seed)
    chosen = _selected(arguments, recipe, method)
    extra, used = _source(arguments, source, recipe, method), dict[str, Any]()
    if extra is not None:
        extra, used = _drawn_from(extra, chosen, target, recipe)
    result = train(
        model, target, recipe, seed=seed, source=extra, source_classes=chosen, checkpoint_file=running
    )
    scores = _scores(model, target, recipe)
    return model, result, {**scores, "n_train": len(target.rows("train")), **used}


def _start(
    arguments: argparse.Namespace, pretrained: models.Classifier, recipe: Recipe, method: str
) -> models.Classifier:
    """The model that the recipe starts from: the pre-trained one, or one that was trained on another target."""
    if not recipe.starts_elsewhere:
        return pretrained
    if arguments.start is None:
        raise InputError(f"train.{method}: start {recipe.start!r} needs --start")
    start = models.load(arguments.start)
    if start.architecture != pretrained.architecture:
        raise InputError(
            f"--start {arguments.start}: another architecture than {arguments.pretrained}; use one"
        )
    return start


def _recipes(config: dict[str, Any], methods: list[str]) -> dict[str, Recipe]:
    sections = config.get("recipes", {})
    if missing := [method for method in methods if method not in sections]:
        raise InputError(
            f"--out: no recipe for method {missing[0]!r}; recipes are {', '.join(sections) or 'none'}"
        )
    return {method: Recipe.from_config(sections[method], f"train.{method}") for method in methods}


def _source(
    arguments: argparse.Namespace, source: data.ImageSet | None, recipe: Recipe, method: str
) -> data.ImageSet | None:
    """What the recipe draws source images from: with the consistency loss, labels are clusters."""
    if recipe.source is None:
        return None
    if source is None:
        raise InputError(f"train.{method}: source {recipe.source!r} needs --source")
    if recipe.source_loss == "labels":
        return source
    if arguments.clusters is None:
        raise InputError(f"train.{method}: source_loss consistency needs --clusters")
    labels = data.load_class_means(arguments.clusters, key="labels")
    names = [f"cluster {label}" for label in labels]
    relabelled = data.ImageSet(source.images, source.manifest.assign(label=labels, class_name=names))
    return relabelled.take(np.flatnonzero(labels >= 0))


def _drawn_from(
    source: data.ImageSet, chosen: list[int] | None, target: data.ImageSet, recipe: Recipe
) -> tuple[data.ImageSet, dict[str, Any]]:
    """The source, without near-duplicates where the recipe says so, and what was used of it, for the metrics."""
    train_rows = (source.manifest["split"] == "train").to_numpy()
    used = train_rows if chosen is None else train_rows & np.isin(source.labels, chosen)
    alike = np.zeros(len(source), dtype=bool)
    tests = target.split("test").images
    similarity = data.nearest_similarity(source.images, tests, np.flatnonzero(used))
    alike[used] = similarity >= recipe.duplicate_similarity
    if recipe.drop_duplicates:  # as test images they are not trained on, and no class loses its label
        split = source.manifest["split"].mask(alike, "test")
        source = data.ImageSet(source.images, source.manifest.assign(split=split))
    left = used & ~alike if recipe.drop_duplicates else used
    return source, {
        **{key: getattr(recipe, key) for key in _SAID},
        "source_classes": len(set(source.labels)) if chosen is None else len(chosen),
        "source_images": int(left.sum()),
        "duplicates": int(alike.sum()),
    }


def _selected(arguments: argparse.Namespace, recipe: Recipe, method: str) -> list[int] | None:
    """Source classes, or clusters, that the recipe's selection rule chose; None without source or with all of it."""
    if recipe.source in (None, "all"):
        return None
    option = "selection" if recipe.source_loss == "labels" else "cluster_selection"
    path = getattr(arguments, option)
    if path is None:
        raise InputError(f"train.{method}: source {recipe.source!r} needs --{option.replace('_', '-')}")
    table = files.read_table(path)
    ranked = table[table["rule"] == recipe.source]
    number = recipe.source_classes
    if number is not None and 0 < len(ranked) < number:
        raise InputError(
            f"train.{method}.source_classes: {number} of {len(ranked)} source classes; choose fewer"
        )
    rows = ranked[ranked["selected"].astype(bool) if number is None else ranked["rank"] <= number]
    if rows.empty:
        known = ", ".join(sorted(table["rule"].unique()))
        chosen = f"train.{method}: rule {recipe.source!r}"
        raise InputError(f"{chosen} selects no class in {path}; rules: {known}")
    return sorted(rows["class_index"].astype(int))


def _scores(model: models.Classifier, target: data.ImageSet, recipe: Recipe) -> dict[str, Any]:
    """What `evaluate` finds; a model that was trained to reconstruct classifies nothing."""
    if recipe.task == "reconstruction":
        return {"accuracy": None, "mean_class_accuracy": None, "n_test": len(target.rows("test"))}
    return evaluate(model, target, split="test", batch_size=recipe.micro_batch)


def _accuracy(made: tuple[models.Classifier, TrainingResult, dict[str, Any]]) -> float:
    """What settings are chosen by: of several processes, what the first finds."""
    return parallel.of_first(made[2]["accuracy"])


def _write(
    folder: Path,
    model: models.Classifier,
    result: TrainingResult,
    about: dict,
    recipe: Recipe,
    metrics: dict,
    trials: pd.DataFrame,
) -> None:
    """Write the run; metrics.json comes last and tells that the folder is complete."""
    if len(trials):
        metrics["trials"] = int(trials["trial"].nunique())
        files.write_table(folder / "tuning.csv", trials)
    models.save(model, folder, {**about, "recipe": recipe.as_config()})
    named = {
        f"{step}/{name}": tensor
        for step, state in result.checkpoints.items()
        for name, tensor in state.items()
    }
    with files.atomic(folder / "checkpoints.safetensors") as temporary:
        temporary.write_bytes(safetensors.torch.save(named))
    files.write_table(folder / "history.csv", result.history)
    seen = {"steps": recipe.steps, "images_seen": result.images_seen}
    files.write_json(folder / "metrics.json", {**about, **metrics, **seen})


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__)
    found.add_argument(
        "--target", required=True, type=Path, help="folder of the target data, named as the target"
    )
    found.add_argument(
        "--pretrained",
        required=True,
        type=Path,
        help="model folder ARCHITECTURE/SEED; gives the architecture",
    )
    found.add_argument("--start", type=Path, help="model folder, for recipes that start at TARGET/METHOD")
    found.add_argument("--source", type=Path, help="folder of the source data, for recipes with a source")
    found.add_argument(
        "--selection", type=Path, help="table of selected source classes, for recipes with a source"
    )
    found.add_argument("--clusters", type=Path, help="clusters of the source, for the consistency loss")
    found.add_argument("--cluster-selection", type=Path, help="table of selected clusters, for the same")
    found.add_argument("--seed", required=True, type=int, help="training seed")
    add_folders(found, "--out", "METHOD=FOLDER of each method")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
