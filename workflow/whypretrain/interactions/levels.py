"""Where players hide their part of an image: its pixels, or each network's first feature map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from whypretrain import models
from whypretrain.errors import InputError
from whypretrain.interactions.baselines import Baseline
from whypretrain.interactions.scoring import Model
from whypretrain.models import Classifier

# Models that share a masked batch, and the arguments of `score_coalitions` for it.
Batch = tuple[Mapping[str, Model], dict[str, Any]]

_ALL = slice(None)
_CHUNK = 256  # reference images in one pass of a stem


@dataclass(frozen=True)
class Pixels:
    """Pixels are hidden, of the same image for all networks.

    Attributes:
        baseline: what hidden pixels show, (S or 1, C, H or 1, W or 1).
    """

    baseline: np.ndarray

    @property
    def identity(self) -> tuple[dict[str, Any], np.ndarray]:
        """What decides scores at this level, for their digest."""
        return {}, self.baseline

    def batches(
        self, networks: Mapping[str, Classifier], inputs: dict[str, Any], rows: slice = _ALL
    ) -> Iterator[Batch]:
        """One batch for all networks; `inputs` are images (S, C, H, W) in [0, 1] of these rows, players, and more."""
        images = inputs["images"]
        hidden = self.baseline[rows] if len(self.baseline) > 1 else self.baseline
        yield networks, {**inputs, "baseline": images.new_tensor(np.broadcast_to(hidden, images.shape))}


@dataclass(frozen=True)
class Features:
    """Features behind the stem are hidden (see `models.cut_at_stem`), as in arXiv 2407.19198.

    Attributes:
        kind: what they show: `zero`; `mean` or `dataset`, the mean of each channel, or of each feature, over the
            network's own stem on the reference images.
        reference: uint8, (R, C, H, W), as a rule the training images.

    Raises:
        InputError: if the kind is blur.
    """

    kind: Baseline
    reference: np.ndarray

    def __post_init__(self) -> None:
        if self.kind not in ("zero", "mean", "dataset"):
            raise InputError(f"baseline {self.kind!r} hides no features: use zero, mean or dataset with level feature")

    @property
    def identity(self) -> tuple[dict[str, Any], np.ndarray]:
        """What decides scores at this level, for their digest."""
        return {"level": "feature", "baseline": self.kind}, self.reference

    def batches(
        self, networks: Mapping[str, Classifier], inputs: dict[str, Any], rows: slice = _ALL
    ) -> Iterator[Batch]:
        """A batch for each network, which sees its own features; the players stay in their places.

        Raises:
            InputError: if a network has no known stem, or a player no place of its own on the map.
        """
        for name, model in networks.items():
            cut = models.cut_at_stem(model)
            with torch.inference_mode():
                # image by image: rounding must not depend on the images next to it
                features = torch.cat([cut.stem(image) for image in inputs["images"].split(1)])
                baseline = self._baseline(cut.stem)
            players = [each.resized(*features.shape[2:]) for each in inputs["players"]]
            yield {name: cut.rest}, {**inputs, "images": features, "players": players, "baseline": baseline}

    def _baseline(self, stem: Model) -> torch.Tensor | float:
        """What hides features, (1, d, h or 1, w or 1)."""
        if self.kind == "zero":
            return 0.0
        starts = range(0, len(self.reference), _CHUNK)
        sums = [stem(models.as_input(self.reference[i : i + _CHUNK])).double().sum(dim=0) for i in starts]
        mean = (torch.stack(sums).sum(dim=0) / len(self.reference))[None]  # (1, d, h, w)
        return (mean if self.kind == "dataset" else mean.mean(dim=(2, 3), keepdim=True)).float()
