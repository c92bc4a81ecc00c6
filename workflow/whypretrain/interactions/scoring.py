"""Scores of coalitions: every model sees the same masked batch, built on the device."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Literal

import numpy as np
import torch

from whypretrain.errors import InputError
from whypretrain.interactions.coalitions import all_coalitions
from whypretrain.interactions.logits import log_odds
from whypretrain.interactions.players import PlayerSet
from whypretrain.runtime.memory import Halving
from whypretrain.runtime.precision import Precision, precision
from whypretrain.runtime.progress import progress

Model = Callable[[torch.Tensor], torch.Tensor]
Background = Literal["visible", "masked"]

_Block = tuple[slice, slice]  # samples and masks


@torch.inference_mode()
def score_coalitions(
    models: Mapping[str, Model] | Sequence[Model],
    images: torch.Tensor,
    labels: Sequence[int] | np.ndarray,
    players: PlayerSet | Sequence[PlayerSet],
    *,
    baseline: torch.Tensor | float = 0.0,
    background: Background = "visible",
    batch_size: int = 256,
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
        batch_size: masked inputs in one forward, halved where memory runs out.
        dtype: precision of the forwards. Log-odds are float32 at least; see `precision.safe_for_effects` for
            its gate.
        coalitions: Booleans (masks, n), the players shown in each mask to score; default all 2^n.
        ids: names of the samples, for messages.

    Returns:
        float32, or float64 of float64 images, (models, S, masks): not centred, so v(empty) is still in it.

    Raises:
        InputError: if players differ in n or shape from each other or the images, coalitions are not of n players, a
            label is no class, or a score is not finite (the message names model, image and coalition).

    Source: arXiv 2409.08712, Section 3.1.
    """
    named = dict(models) if isinstance(models, Mapping) else {str(i): each for i, each in enumerate(models)}
    owner, n = _owner_map(players, images)
    labels = np.asarray(labels)
    if labels.shape != images.shape[:1]:
        raise InputError(f"{labels.size} labels for {len(images)} images: give one label an image")
    masks = all_coalitions(n) if coalitions is None else _checked(coalitions, n)
    baseline = torch.as_tensor(baseline, dtype=images.dtype, device=images.device).expand(images.shape)
    bits = torch.from_numpy(_bits(masks, background)).to(images.device)
    kept = torch.promote_types(images.dtype, torch.float32)
    scores = torch.empty(len(named), len(images), len(masks), dtype=kept, device=images.device)
    halving = Halving()

    def masked(samples: slice, chunk: slice) -> torch.Tensor:
        return _masked(images[samples], baseline[samples], bits[chunk][:, owner[samples]])

    with precision(dtype, images.device):
        for block in progress([*_blocks(len(images), len(masks), batch_size)], "scoring"):
            halving(partial(_fill, scores, named.values(), masked, labels, block), _size(block))
    found = scores.cpu().numpy()
    _refuse_non_finite(found, list(named), masks, ids or [str(index) for index in range(len(images))])
    return found


def _owner_map(players: PlayerSet | Sequence[PlayerSet], images: torch.Tensor) -> tuple[torch.Tensor, int]:
    """Owners of all positions, (S, *positions), the background as player n."""
    sets = [players] * len(images) if isinstance(players, PlayerSet) else list(players)
    if len(sets) != len(images):
        raise InputError(f"{len(sets)} player sets for {len(images)} images: give one an image, or one for all")
    for index, each in enumerate(sets):
        if each.n != sets[0].n or each.owner.shape != tuple(images.shape[2:]):
            raise InputError(
                f"image {index} has {each.n} players on {each.owner.shape} positions, image 0 has {sets[0].n} and the"
                f" images {tuple(images.shape[2:])}: compared images need equal n and matching positions"
            )
    owner = np.stack([each.owner for each in sets]).astype(np.int64)
    owner[owner < 0] = sets[0].n
    return torch.from_numpy(owner).to(images.device), sets[0].n


def _checked(coalitions: np.ndarray, n: int) -> np.ndarray:
    if coalitions.dtype != bool or coalitions.shape[1:] != (n,) or not len(coalitions):
        raise InputError(
            f"coalitions are {coalitions.dtype} of shape {coalitions.shape}: give Booleans, (masks, {n}), one column"
            " a player"
        )
    return coalitions


def _bits(masks: np.ndarray, background: Background) -> np.ndarray:
    """Presence of each player in each coalition, (masks, n + 1); the last column is the background."""
    if background not in ("visible", "masked"):
        raise InputError(f"background {background!r} is unknown: use visible or masked")
    return np.concatenate([masks, np.full((len(masks), 1), background == "visible")], axis=1)


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
        coalition = sum(1 << int(player) for player in np.flatnonzero(masks[mask]))
        raise InputError(
            f"model {names[model]}: score {scores[model, sample, mask]} of image {ids[sample]} under coalition"
            f" {coalition:#b} is not finite ({len(wrong)} in all): check the model's weights"
        )
