"""Choosing the inversion's budget: what a schedule leaves unfinished."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import torch

from whypretrain.errors import InputError
from whypretrain.invariances.blocks import BlockModel, block_grams, invert_blocks, inverted_grams
from whypretrain.invariances.cka import cka_of_grams
from whypretrain.invariances.metrics import nesting_shortfall


@dataclass(frozen=True)
class Schedule:
    """Steps of a length (L2 norm over a whole image with pixels in [0, 1])."""

    step_size: float
    steps: int
    decay: bool = False  # lengths fall linearly to 0

    def scaled(self, shape: tuple[int, ...]) -> Schedule:
        """The same for images of `shape` (C, H, W): lengths go with the square root of the pixel count."""
        pixels = float(torch.Size(shape).numel())
        return Schedule(self.step_size * (pixels / _PUBLISHED_PIXELS) ** 0.5, self.steps, self.decay)


_PUBLISHED_PIXELS = 3 * 224 * 224

# At 16 x 16 large decaying steps do better: 40 of 3.0 left self values of 0.97-1.00 in a ViT and a ResNet of 4
# blocks, 50 constant ones of 0.5 left 0.90-1.00, long_steps scaled to that size 0.88-1.00.
# For 224 x 224 RGB. arXiv:2307.06006 states 50 steps and no length; its public driver has 0.5 and 500.
PUBLISHED: dict[str, Schedule] = {
    "literal": Schedule(0.5, 50),
    "committed": Schedule(0.5, 500),
    "long_steps": Schedule(5.0, 50),
}


def pilot(
    model: BlockModel,
    images: torch.Tensor,
    schedules: Mapping[str, Schedule],
    *,
    seed: int,
    batch_size: int | None = None,
) -> pd.DataFrame:
    """Invert every block under every schedule; one row a schedule and block.

    Columns: schedule, step_size, steps, decay, layer, residual (mean relative loss), worst (share of images above 1:
    worse than the zero vector), moved (mean L2), self_biased, self_unbiased (CKA of the block with itself on
    the inversions, 1 when exact), shortfall (see `nesting_shortfall`, unbiased), seconds (of the whole
    schedule).

    Raises:
        InputError: no schedule; as `invert`.
    """
    if not schedules:
        raise InputError("the pilot got no schedule; name at least one (step_size, steps)")
    clean = block_grams(model, images, batch_size=batch_size)
    parts = [_try_out(model, images, name, schedule, clean, seed, batch_size) for name, schedule in schedules.items()]
    return pd.concat(parts, ignore_index=True)


def choose_schedule(table: pd.DataFrame) -> str:
    """Of a `pilot` table, the schedule with the highest unbiased self value in its worst block.

    Among equals to three decimals, the one of fewest steps.
    """
    worst = table.groupby("schedule", sort=False).agg(self_value=("self_unbiased", "min"), steps=("steps", "first"))
    ranked = worst.assign(self_value=worst.self_value.round(3)).sort_values(
        ["self_value", "steps"], ascending=[False, True], kind="stable"
    )
    return str(ranked.index[0])


def _try_out(
    model: BlockModel,
    images: torch.Tensor,
    name: str,
    schedule: Schedule,
    clean: torch.Tensor,
    seed: int,
    batch_size: int | None,
) -> pd.DataFrame:
    begin = time.process_time()
    inversions = invert_blocks(
        model, images, steps=schedule.steps, step_size=schedule.step_size, decay=schedule.decay, seed=seed,
        batch_size=batch_size,
    )  # fmt: skip
    seconds = time.process_time() - begin
    inverted = inverted_grams(model, inversions, batch_size=batch_size)
    biased, unbiased = (cka_of_grams(clean[None], inverted, unbiased=kind).cpu().numpy() for kind in (False, True))
    return pd.DataFrame(
        {
            "schedule": name,
            "step_size": schedule.step_size,
            "steps": schedule.steps,
            "decay": schedule.decay,
            "layer": range(1, len(inversions) + 1),
            "residual": [float(made.residual.mean()) for made in inversions],
            "worst": [float((made.residual > 1).double().mean()) for made in inversions],
            "moved": [float(made.moved.mean()) for made in inversions],
            "self_biased": biased.diagonal(),
            "self_unbiased": unbiased.diagonal(),
            "shortfall": nesting_shortfall(unbiased),
            "seconds": seconds,
        }
    )
