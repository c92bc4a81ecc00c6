"""Claim: what computes is kept busy: training, masked scoring and inversion are bound by the networks' arithmetic, not
by reading, decoding or drawing images.

No peer: images a second of our calls alone, of the models of `config/medium.yaml` at its image size. A share of the
peak is operations (counted by `whypretrain.models.cost`) a second over those of a matrix product of the same
precision and threads in the same process. Photographs are JPEGs of 400 x 300 pixels; batches are drawn from
`images.npy` on disk, which the operating system has read before.

    python -m benchmarks rates [--quick]
"""

from __future__ import annotations

import atexit
import tempfile
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import torch
import yaml
from PIL import Image
from snakemake.utils import update_config

from benchmarks._case import Case, Pair
from whypretrain import data, models
from whypretrain.config.recipe import Recipe
from whypretrain.interactions import grid_players, score_coalitions
from whypretrain.invariances import invert_blocks
from whypretrain.models import Architecture
from whypretrain.models.cost import cost
from whypretrain.runtime.precision import Precision, precision
from whypretrain.training.fit import fit
from whypretrain.training.samples import Samples

ROOT = Path(__file__).parent.parent
CLASSES = [str(number) for number in range(10)]
PICTURE = (400, 300)  # pixels, as photographs of small data sets have
ROWS, DRAWN = "drawing batches: rows alone", "drawing batches: rows, augmented"


def cases(quick: bool) -> Iterator[Case]:
    """The peak at each precision, all work of every model, and the way of the images."""
    side = 64 if quick else 8192 if torch.cuda.is_available() else 1024
    for dtype in dtypes():
        yield Case(f"matrix product, {dtype}", partial(product, side, dtype), operations=2.0 * side**3)
    for name in config()["models"]:
        yield from of_model(name, quick)
    number, batch, draws = (8, 4, 1) if quick else (200, config()["train"]["common"]["batch_size"], 20)
    yield Case("decoding JPEGs into images.npy", partial(decoding, number), images=number)
    for name in (ROWS, DRAWN):
        yield Case(name, partial(drawing, number, batch, draws, name == DRAWN), images=draws * batch)


def of_model(name: str, quick: bool) -> Iterator[Case]:
    """Training, scoring and inversion; an image counts once a step."""
    one, settings = cost(architecture(name), len(CLASSES)), config()
    batch, steps = (8, 1) if quick else (settings["train"]["common"]["batch_size"], 4)
    masks = 1 << (3 if quick else settings["interactions"]["score"]["players"])
    for dtype in dtypes():
        build = partial(training, name, batch, steps, dtype)
        operations = batch * steps * one.training
        yield Case(f"{name}, training, {dtype}", build, images=batch * steps, operations=operations)
    build = partial(scoring, name, masks)
    yield Case(f"{name}, masked scoring, float32", build, images=masks, operations=masks * one.forward)
    build = partial(inversion, name, batch, steps)
    operations = batch * (2 * steps + 2) * sum(one.upto)  # the target and the last evaluation have no way back
    yield Case(f"{name}, inversion, float32", build, images=batch * steps, operations=operations)


def dtypes() -> tuple[str, ...]:
    """Precisions that are measured: those below float32 where there are units for them."""
    return get_args(Precision) if torch.cuda.is_available() else ("float32",)


@cache
def config() -> dict[str, Any]:
    """config/medium.yaml over the default, as Snakemake reads it."""
    found = yaml.safe_load((ROOT / "config/default.yaml").read_text())
    update_config(found, yaml.safe_load((ROOT / "config/medium.yaml").read_text()))
    return found


def architecture(name: str) -> Architecture:
    """A model of the config."""
    image = {key: config()["image"][key] for key in ("size", "channels")}
    return Architecture.from_dict({**image, **config()["models"][name]["architecture"]})


def images(number: int) -> torch.Tensor:
    """Random images of the config's size, in [0, 1]."""
    shape = (number, config()["image"]["channels"], *[config()["image"]["size"]] * 2)
    return torch.rand(shape, generator=torch.Generator().manual_seed(0)).to(models.device())


def product(side: int, dtype: Precision) -> Pair:
    """A square matrix product: the peak."""
    left, right = (torch.rand(side, side, device=models.device()) for _ in range(2))

    def call() -> torch.Tensor:
        with precision(dtype, left.device):
            return left @ right

    return Pair(call)


def training(name: str, batch: int, steps: int, dtype: Precision) -> Pair:
    """Steps of the config's fine-tuning, with its augmentation, on images that lie on the device."""
    settings = {**config()["train"]["common"], "steps": steps, "batch_size": batch, "precision": dtype}
    recipe = Recipe.from_config(settings)
    pixels = (images(4 * batch) * 255).to(torch.uint8)
    labels = np.arange(4 * batch) % len(CLASSES)
    samples = Samples(pixels, labels, batch_size=batch, augmentation=recipe.augmentation, seed=0, name="target")
    model = models.build(architecture(name), CLASSES, seed=0)
    return Pair(lambda: fit(model, samples, recipe, seed=0).history["loss"].iloc[-1])


def scoring(name: str, masks: int) -> Pair:
    """Scores of all coalitions of an image."""
    score, model = config()["interactions"]["score"], models.build(architecture(name), CLASSES, seed=0).eval()
    size, n = config()["image"]["size"], masks.bit_length() - 1
    players = grid_players(score["grid"], n, size, margin=score["margin"], image="0")
    batch = min(score["batch_size"] or models.forward_batch(model), masks)
    return Pair(partial(score_coalitions, [model], images(1), [0], players, batch_size=batch))


def inversion(name: str, batch: int, steps: int) -> Pair:
    """Inversions of images at all blocks together."""
    model = models.build(architecture(name), CLASSES, seed=0).eval()
    step_size = config()["invariances"]["step_size"]
    return Pair(partial(invert_blocks, model, images(batch), steps=steps, step_size=step_size, seed=0))


@cache
def photographs(number: int) -> Path:
    """A folder of so many JPEGs in two classes: smooth random colours, which compress as photographs do."""
    held = tempfile.TemporaryDirectory()
    atexit.register(held.cleanup)
    draw, root = np.random.default_rng(0), Path(held.name) / "photographs"
    for index in range(number):
        place = root / f"class {index % 2}"
        place.mkdir(parents=True, exist_ok=True)
        coarse = Image.fromarray(draw.integers(0, 256, (30, 40, 3), dtype=np.uint8))
        coarse.resize(PICTURE, Image.Resampling.BICUBIC).save(place / f"{index}.jpg", quality=90)
    return root


def decoded(number: int) -> Path:
    """The data stage's work on them; the folder that it wrote."""
    root, image = photographs(number), config()["image"]
    spec = {"kind": "imagefolder", "root": str(root), "test_fraction": 0.25}
    found = data.build("photographs", spec, size=image["size"], channels=image["channels"], seed=0, decode=False)
    data.save(found, root.parent / "data", threads=torch.get_num_threads())
    return root.parent / "data"


def decoding(number: int) -> Pair:
    """JPEGs on disk into one file of pixels."""
    photographs(number)
    return Pair(partial(decoded, number))


def drawing(number: int, batch: int, draws: int, augmented: bool) -> Pair:
    """Batches from the file of pixels to the device, as training draws them where the images do not fit there."""
    folder = decoded(number)
    rows = data.load(folder).rows("train")
    samples = Samples(
        torch.from_numpy(np.load(folder / "images.npy", mmap_mode="c")),
        np.zeros(len(rows), dtype=np.int64),
        chosen=torch.from_numpy(rows),
        batch_size=batch,
        augmentation=Recipe.from_config(config()["train"]["common"]).augmentation if augmented else None,
        seed=0,
        name="target",
        device=models.device(),
    )
    return Pair(lambda: [samples.batch(step)[1] for step in range(draws)])


def remark(table: pd.DataFrame) -> str:
    """Rates and shares of the peak as a table of the page, and what binds training."""
    threads = table["threads"].astype(str) + np.where(table["threads"] == 1, " thread", " threads")
    table = table.assign(way=threads.where(table["device"] == "CPU", "GPU"))
    lines = ["| what | images a second | operations an image | share of the peak |", "|---|---|---|---|"]
    for size, rows in table[table["images"] > 0].groupby("size", sort=False):
        told = [f"{row.images / row.ours_s:.0f} ({row.way})" for row in rows.itertuples()]
        first, counted = rows.iloc[0], rows[rows["operations"] > 0]
        each = f"{first['operations'] / first['images'] / 1e9:.2f} G" if len(counted) else ""
        shares = [f"{share(table, row):.0%} ({row.way})" for row in counted.itertuples()]
        lines.append(f"| {size} | {', '.join(told)} | {each} | {', '.join(shares)} |")
    return "\n".join([*lines, "", *bound(table)])


def share(table: pd.DataFrame, row: Any) -> float:
    """Operations a second over those of the matrix product of the same precision, threads and device."""
    peaks = table[table["size"] == f"matrix product, {row.size.rpartition(', ')[2]}"]
    peak = peaks[peaks["way"] == row.way].iloc[0]
    return row.operations / row.ours_s / (peak["operations"] / peak["ours_s"])


def bound(table: pd.DataFrame) -> Iterator[str]:
    """Which binds training, the network or the drawing of batches, for every number of threads."""
    table = table.assign(rate=table["images"] / table["ours_s"])
    for way, rows in table.groupby("way", sort=False):
        drawn = rows.loc[rows["size"] == DRAWN, "rate"].iloc[0]
        taken = rows.loc[rows["size"].str.contains("training"), "rate"].max()
        what = "the network" if drawn > taken else "the drawing of batches"
        times = f"{drawn / taken:.1f} times as fast as the fastest training takes them"
        yield f"{way}: batches are drawn {times}: {what} binds."
