"""Stage train: models of one architecture and seed on one target, by one or more methods in turn.

Each method leaves model.safetensors, model.json, checkpoints.safetensors, history.csv and metrics.json in its
folder, and tuning.csv where its recipe holds values to choose from; the result does not depend on which methods share
the process. A killed run resumes from `<folder>.running`, once its settings are chosen again.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from whypretrain import data, models
from whypretrain.config.recipe import Recipe
from whypretrain.config.section import Name, Seeded
from whypretrain.errors import InputError
from whypretrain.runtime import files
from whypretrain.runtime.places import CHECKPOINTS
from whypretrain.stages._run import add_folders, add_run, parser, run, run_of
from whypretrain.training import parallel
from whypretrain.training.fit import TrainingResult
from whypretrain.training.source import Source, joint_source, selected_classes
from whypretrain.training.trainer import evaluate, starting_model, train
from whypretrain.training.tuning import tuned


class Config(Seeded):
    """What `--config` holds."""

    recipes: Mapping[Name, Recipe]
    """by method"""


def stage(arguments: argparse.Namespace) -> None:
    """Train every method of `--out`; config keys: recipes (method -> recipe), seed."""
    with parallel.together():
        _train_all(arguments)


def _train_all(arguments: argparse.Namespace) -> None:
    recipes = _recipes(arguments.config.recipes, list(arguments.out))
    target = data.load(arguments.target)
    about = run_of(arguments)
    name = (arguments.config.seed, "train", about["target"], arguments.seed)
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
    drawn = _source(arguments, source, target, recipe, method)
    result = train(
        model,
        target,
        recipe,
        seed=seed,
        source=drawn.images if drawn else None,
        source_classes=drawn.classes if drawn else None,
        checkpoint_file=running,
    )
    scores, used = _scores(model, target, recipe), drawn.about if drawn else {}
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
        raise InputError(f"--start {arguments.start}: another architecture than {arguments.pretrained}; use one")
    return start


def _recipes(sections: Mapping[str, Recipe], methods: list[str]) -> dict[str, Recipe]:
    if missing := [method for method in methods if method not in sections]:
        raise InputError(f"--out: no recipe for method {missing[0]!r}; recipes are {', '.join(sections) or 'none'}")
    for method in methods:
        sections[method].trials(f"train.{method}")
    return {method: sections[method] for method in methods}


def _source(
    arguments: argparse.Namespace, source: data.ImageSet | None, target: data.ImageSet, recipe: Recipe, method: str
) -> Source | None:
    """What the recipe draws source images from: of all classes, or of those that its rule chose; or of clusters."""
    if recipe.source is None:
        return None
    clustered = recipe.source_loss == "consistency"
    needed = ["source", *(["clusters"] if clustered else [])]
    if recipe.source != "all":
        needed.append("cluster_selection" if clustered else "selection")
    for option in needed:
        if getattr(arguments, option) is None:
            name = option.replace("_", "-")
            raise InputError(f"train.{method}: source {recipe.source!r}, {recipe.source_loss}, needs --{name}")
    assert source is not None
    classes = None
    if recipe.source != "all":
        path = getattr(arguments, needed[-1])
        try:
            classes = selected_classes(files.read_table(path), recipe)
        except InputError as error:
            raise InputError(f"train.{method}.{error} ({path})") from error
    clusters = data.load_class_means(arguments.clusters, key="labels") if clustered else None
    return joint_source(source, target, recipe, classes=classes, clusters=clusters)


def _scores(model: models.Classifier, target: data.ImageSet, recipe: Recipe) -> dict[str, Any]:
    """What `evaluate` finds; a model that was trained without labels classifies nothing."""
    if recipe.task != "classification":
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
    """Write the run; metrics.json comes last and shows that the folder is complete."""
    if len(trials):
        metrics["trials"] = int(trials["trial"].nunique())
        files.write_table(folder / "tuning.csv", trials)
    models.save(model, folder, {**about, "recipe": recipe.as_config()})
    models.save_checkpoints(result.checkpoints, folder / CHECKPOINTS)
    files.write_table(folder / "history.csv", result.history)
    seen = {"steps": recipe.steps, "images_seen": result.images_seen}
    files.write_json(folder / "metrics.json", {**about, **metrics, **seen})


def main(argv: Sequence[str] | None = None) -> None:
    """Command line of the stage."""
    found = parser(__doc__, Config)
    add_run(found)
    found.add_argument("--start", type=Path, help="model folder, for recipes that start at TARGET/METHOD")
    found.add_argument("--source", type=Path, help="folder of the source data, for recipes with a source")
    found.add_argument("--selection", type=Path, help="table of selected source classes, for recipes with a source")
    found.add_argument("--clusters", type=Path, help="clusters of the source, for the consistency loss")
    found.add_argument("--cluster-selection", type=Path, help="table of selected clusters, for the same")
    add_folders(found, "--out", "METHOD=FOLDER of each method")
    run(stage, found.parse_args(argv))


if __name__ == "__main__":
    main()
