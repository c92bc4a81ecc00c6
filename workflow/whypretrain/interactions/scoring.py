"""Scores of all coalitions: every model sees the same masked batch, built on the device."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

import numpy as np
import torch

from whypretrain.errors import InputError
from whypretrain.interactions.logits import log_odds
from whypretrain.interactions.players import PlayerSet
from whypretrain.models.halving import Halving
from whypretrain.models.precision import Precision, precision

Model = Callable[[torch.Tensor], torch.Tensor]
Background = Literal["visible", "masked"]

_Block = tuple[slice, slice]  # samples and masks

BATCH_SIZES = (32, 64, 128, 256, 512)


@torch.inference_mode()
def score_coalitions(
    models: Mapping[str, Model] | Sequence[Model],
    images: torch.Tensor,
    labels: Sequence[int] | np.ndarray,
    players: PlayerSet | Sequence[PlayerSet],
    *,
    baseline: torch.Tensor | float = 0.0,
    background: Background = "visible",
    batch_size: int | None = 256,
    dtype: Precision = "float32",
    coalitions: np.ndarray | None = None,
    ids: Sequence[str] | None = None,
) -> np.ndarray:
    """Log-odds v(x_T) of the true label for every coalition T, all models on one masked batch.

    Args:
        models: callables (B, C, *positions) -> logits (B, K), in evaluation mode, by name or in order.
        images: (S, C, *positions) on the models' device; images in [0, 1], or feature maps or token
            embeddings where the models are the rest of a network.
        labels: S true classes.
        players: one set a sample (equal n and positions), or one for all.
        baseline: what hides a player, broadcastable to `images` (see `baselines.baseline_values`).
        background: whether positions of no player are always shown or always hidden.
        batch_size: masked inputs in one forward, halved where memory runs out; None measures the fastest on this
            machine.
        dtype: precision of the forwards. Log-odds are float32 at least; see `precision.safe_precision` for
            its gate.
        coalitions: the masks to score, default all 2^n (see `transforms.coalitions`).
        ids: names of the samples, for messages.

    Returns:
        float32, or float64 of float64 images, (models, S, masks): not centred, so v(empty) is still in it.

    Raises:
        InputError: if players differ in n or shape from each other or the images, a label is no class, or a
            score is not finite (the message names model, image and coalition).

    Source: arXiv 2409.08712, Section 3.1.
    """
    named = (
        dict(models)
        if isinstance(models, Mapping)
        else {str(index): model for index, model in enumerate(models)}
    )
    owner, n = _owner_map(players, images)
    labels = np.asarray(labels)
    if labels.shape != images.shape[:1]:
        raise InputError(f"{labels.size} labels for {len(images)} images: give one label an image")
    masks = np.arange(1 << n) if coalitions is None else np.asarray(coalitions)
    if batch_size is None:
        batch_size = best_batch_size(list(named.values()), images[:1])
    baseline = torch.as_tensor(baseline, dtype=images.dtype, device=images.device).expand(images.shape)
    bits = torch.from_numpy(_bits(masks, n, background)).to(images.device)
    kept = torch.promote_types(images.dtype, torch.float32)
    scores = torch.empty(len(named), len(images), len(masks), dtype=kept, device=images.device)
    halving = Halving()

    def masked(samples: slice, chunk: slice) -> torch.Tensor:
        return _masked(images[samples], baseline[samples], bits[chunk][:, owner[samples]])

    with precision(dtype, images.device):
        for block in _blocks(len(images), len(masks), batch_size):
            halving(partial(_fill, scores, named.values(), masked, labels, block), _size(block))
    found = scores.cpu().numpy()
    _refuse_non_finite(found, list(named), masks, ids or [str(index) for index in range(len(images))])
    return found


def best_batch_size(models: Sequence[Model], image: torch.Tensor, sizes: Sequence[int] = BATCH_SIZES) -> int:
    """The batch size with the most forwards a second for these models on this machine, by a short timing.

    Different sizes may round differently (1e-6): name the size where runs must repeat exactly.
    """

    def seconds_an_image(size: int) -> float:
        try:
            batch = image.expand(size, *image.shape[1:]).contiguous()
            return min(_seconds(models, batch) for _ in range(3)) / size
        except torch.OutOfMemoryError:
            return math.inf

    return min(sizes, key=seconds_an_image)


def _owner_map(players: PlayerSet | Sequence[PlayerSet], images: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Owners of all positions, (S, *positions), the background as player n."""
    sets = [players] * len(images) if isinstance(players, PlayerSet) else list(players)
    if len(sets) != len(images):
        raise InputError(
            f"{len(sets)} player sets for {len(images)} images: give one an image, or one for all"
        )
    for index, each in enumerate(sets):
        if each.n != sets[0].n or each.owner.shape != tuple(images.shape[2:]):
            raise InputError(
                f"image {index} has {each.n} players on {each.owner.shape} positions, image 0 has {sets[0].n} and the"
                f" images {tuple(images.shape[2:])}: compared images need equal n and matching positions"
            )
    owner = np.stack([each.owner for each in sets]).astype(np.int64)
    owner[owner < 0] = sets[0].n
    return torch.from_numpy(owner).to(images.device), sets[0].n


def _bits(masks: np.ndarray, n: int, background: Background) -> np.ndarray:
    """Presence of each player in each coalition, (masks, n + 1); the last column is the background."""
    if background not in ("visible", "masked"):
        raise InputError(f"background {background!r} is unknown: use visible or masked")
    present = (masks[:, None] >> np.arange(n)) & 1
    return np.concatenate([present, np.full((len(masks), 1), background == "visible")], axis=1).astype(bool)


def _blocks(samples: int, masks: int, batch_size: int) -> Iterator[_Block]:
    """Blocks of at most `batch_size` (sample, mask) pairs, all of one shape: the last overlap those before."""
    many = min(masks, batch_size)
    few = min(samples, max(1, batch_size // many))
    for sample in range(0, samples, few):
        first = min(sample, samples - few)
        for mask in range(0, masks, many):
            start = min(mask, masks - many)
            yield slice(first, first + few), slice(start, start + many)


def _fill(
    scores: torch.Tensor,
    models: Iterable[Model],
    masked: Callable[[slice, slice], torch.Tensor],
    labels: np.ndarray,
    block: _Block,
    parts: int,
) -> None:
    """Scores (models, S, masks) of one block of samples and masks, in so many parts."""
    for samples, chunk in _parts(block, parts):
        batch = masked(samples, chunk)
        for row, model in enumerate(models):
            logits = model(batch).to(scores.dtype).unflatten(0, (-1, len(labels[samples])))  # (m, s, K)
            scores[row, samples, chunk] = log_odds(logits, labels[samples]).T


def _size(block: _Block) -> int:
    return math.prod(part.stop - part.start for part in block)


def _parts(block: _Block, parts: int) -> Iterator[_Block]:
    """The block in blocks of at most its size over `parts`."""
    samples, masks = block
    few, many = samples.stop - samples.start, masks.stop - masks.start
    for sample, mask in _blocks(few, many, max(1, few * many // parts)):
        yield _moved(sample, samples.start), _moved(mask, masks.start)


def _moved(part: slice, by: int) -> slice:
    return slice(part.start + by, part.stop + by)


def _masked(images: torch.Tensor, baseline: torch.Tensor, visible: torch.Tensor) -> torch.Tensor:
    """x_T for each mask and sample: (s, C, *p), (s, C, *p), (m, s, *p) -> (m * s, C, *p)."""
    return torch.where(visible.unsqueeze(2), images, baseline).flatten(0, 1)


def _refuse_non_finite(scores: np.ndarray, names: list[str], masks: np.ndarray, ids: Sequence[str]) -> None:
    wrong = np.argwhere(~np.isfinite(scores))
    if len(wrong):
        model, sample, mask = wrong[0]
        raise InputError(
            f"model {names[model]}: score {scores[model, sample, mask]} of image {ids[sample]} under coalition"
            f" {masks[mask]:#b} is not finite ({len(wrong)} in all): check the model's weights"
        )


def _seconds(models: Sequence[Model], batch: torch.Tensor) -> float:
    _wait(batch.device)
    start = time.perf_counter()
    for model in models:
        model(batch)
    _wait(batch.device)
    return time.perf_counter() - start


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
