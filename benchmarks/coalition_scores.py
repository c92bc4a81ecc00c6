"""Claim: scores of all coalitions come at 90 % or more of the rate at which the model runs ready batches.

Peers: the same model on ready batches of one unmasked image, at the fastest of several batch sizes, which is
the limit; and a loop that masks the image and calls the model once a coalition. Models are those of
`config/default.yaml`; where there is a GPU, ResNet-18 on 224x224 images as well.

Last result (2026-11-21, commit deff2bd, AMD EPYC, 2 cores, one thread): the peer's time over ours
    ViT, 10 players, ready batches: 0.99 (0.948–1.04)
    ViT, 12 players, ready batches: 0.999 (0.967–1.06)
    ResNet, 10 players, ready batches: 0.928 (0.914–0.936)
    ResNet, 12 players, ready batches: 0.966 (0.917–1.01)

    python -m benchmarks coalition_scores [--quick]
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import torch

from benchmarks._case import Case, Pair, relative
from whypretrain import models
from whypretrain.interactions import grid_players, score_coalitions
from whypretrain.interactions.logits import log_odds
from whypretrain.models import Architecture

VIT = {"patch_size": 4, "embed_dim": 96, "depth": 4, "num_heads": 3, "mlp_ratio": 2, "class_token": False}
ARCHITECTURES = {
    "ViT": Architecture("vit_tiny_patch16_224", 16, 1, {**VIT, "global_pool": "avg"}),
    "ResNet": Architecture("resnet18", 16, 1, {"layers": [1, 1, 1, 1], "channels": [16, 32, 64, 96]}, "small"),
}
LARGE = {"ResNet-18, 224 px": Architecture("resnet18", 224, 3)}
LOOP_SHARE = 1 / 8  # the loop does every eighth coalition


def cases(quick: bool) -> Iterator[Case]:
    """Both peers for every model and number of players."""
    chosen = ARCHITECTURES | (LARGE if torch.cuda.is_available() else {})
    for (name, architecture), n in ((item, n) for item in chosen.items() for n in ((6,) if quick else (10, 12))):
        size = f"{name}, {n} players"
        yield Case(size, partial(against_plain, architecture, n), "ready batches", aim=0.9, tolerance=1e-4)
        yield Case(size, partial(against_loop, architecture, n), "loop over masks", tolerance=1e-4, share=LOOP_SHARE)


def fastest(model: Callable[[torch.Tensor], torch.Tensor], image: torch.Tensor) -> int:
    """The batch size of the most images a second."""

    def seconds_an_image(size: int) -> float:
        batch = image.expand(size, -1, -1, -1).contiguous()
        times = []
        for _ in range(3):
            start = time.perf_counter()
            model(batch).argmax().item()  # waits for a GPU
            times.append(time.perf_counter() - start)
        return min(times) / size

    return min((32, 64, 128, 256, 512), key=seconds_an_image)


class Scoring:
    """A model, an image and players, scored at the model's fastest batch size."""

    def __init__(self, architecture: Architecture, n: int) -> None:
        self.model, self.n = models.build(architecture, [str(k) for k in range(10)], seed=0).eval(), n
        generator = torch.Generator().manual_seed(0)
        shape = (1, architecture.channels, architecture.size, architecture.size)
        self.image = torch.rand(shape, generator=generator).to(models.device())
        grid = 4 if architecture.size == 16 else 7
        self.players = grid_players(grid, n, architecture.size, image="0")
        with torch.inference_mode():
            self.batch_size = min(fastest(self.model, self.image), 1 << n)
            self.batch = self.image.expand(self.batch_size, -1, -1, -1).contiguous()

    def ours(self) -> np.ndarray:
        """Scores of all coalitions."""
        return score_coalitions([self.model], self.image, [0], self.players, batch_size=self.batch_size)[0, 0]

    @torch.inference_mode()
    def plain(self) -> float:
        """As many forwards on ready batches; the score of the whole image."""
        for _ in range((1 << self.n) // self.batch_size):
            logits = self.model(self.batch)
        return float(log_odds(logits[:1], np.array([0])))

    @torch.inference_mode()
    def loop(self) -> list[float]:
        """Scores of a share of the coalitions, one call each."""
        found = []
        cells = [torch.from_numpy(self.players.owner == player) for player in range(self.n)]
        for mask in range(0, 1 << self.n, round(1 / LOOP_SHARE)):
            masked = self.image.clone()
            for player, cell in enumerate(cells):
                if not mask >> player & 1:
                    masked[:, :, cell] = 0.0
            found.append(float(log_odds(self.model(masked), np.array([0]))))
        return found


def against_plain(architecture: Architecture, n: int) -> Pair:
    """Our scores compared with the same number of plain forwards."""
    scoring = Scoring(architecture, n)
    note = f"batches of {scoring.batch_size}"
    return Pair(scoring.ours, scoring.plain, lambda ours, whole: relative(ours[-1], whole), lambda *_: note)


def against_loop(architecture: Architecture, n: int) -> Pair:
    """Our scores compared with one call a coalition."""
    scoring = Scoring(architecture, n)
    return Pair(scoring.ours, scoring.loop, lambda ours, some: relative(ours[:: round(1 / LOOP_SHARE)], some))
