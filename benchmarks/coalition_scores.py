"""Claim: scores of all coalitions come at 90 % or more of the model's plain batched forward rate at its best size.

Peer: the same model, called on ready batches of unmasked images, at the fastest of several batch sizes. Both rates
are measured in turn, 15 times in this process; the ratio is of the best of each, which other load disturbs least.
Models are those of the embedded experiment, 16x16 grey images, 10 players of 16 cells; `--large` takes ResNet-18 on
224x224 images and 10 of 49 cells.

Last result (2026-11-21, torch 2.15, AMD EPYC, 1 thread, processor time, beside a load of 15 on two cores): vit, batch
64, plain 4039/s, scores 3866/s, ratio 0.957; resnet, batch 128, 14363/s and 13307/s, ratio 0.927.
To be repeated on a GPU.

    python benchmarks/coalition_scores.py [--quick] [--large]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch

from whypretrain import models
from whypretrain.interactions import best_batch_size, grid_players, score_coalitions
from whypretrain.models import Architecture

SMALL_VIT = {"patch_size": 4, "embed_dim": 96, "depth": 4, "num_heads": 3}
ARCHITECTURES = {
    "vit": Architecture("vit_tiny_patch16_224", 16, 1, SMALL_VIT),
    "resnet": Architecture(
        "resnet18", 16, 1, {"layers": [1, 1, 1, 1], "channels": [16, 32, 64, 96]}, "small"
    ),
}
LARGE = {"resnet18": Architecture("resnet18", 224, 3)}


def rate(work: Callable[[], object], forwards: int) -> float:
    """Forwards a second of one call: of wall time on a GPU, else of processor time, which other load changes less."""
    on_gpu = torch.cuda.is_available()
    clock = time.perf_counter if on_gpu else time.process_time
    start = clock()
    work()
    if on_gpu:
        torch.cuda.synchronize()
    return forwards / (clock() - start)


def compare(architecture: Architecture, samples: int, rounds: int) -> float:
    """Best rate of masked scoring over best rate of plain forwards."""
    model = models.build(architecture, [str(label) for label in range(10)], seed=0).eval()
    images = torch.rand(samples, architecture.channels, architecture.size, architecture.size).to(
        models.device()
    )
    grid = 4 if architecture.size == 16 else 7
    players = [grid_players(grid, 10, architecture.size, image=str(index)) for index in range(samples)]
    with torch.inference_mode():
        size = best_batch_size([model], images[:1])
        batch = images[:1].expand(size, -1, -1, -1).contiguous()
        calls = samples * 1024 // size

        def plain() -> None:
            for _ in range(calls):
                model(batch)

        def masked() -> None:
            score_coalitions([model], images, [0] * samples, players, batch_size=size)

        plain(), masked()
        rates = [(rate(plain, calls * size), rate(masked, samples * 1024)) for _ in range(rounds)]
    forward, score = (max(each) for each in zip(*rates, strict=True))
    print(
        f"{architecture.name}, {architecture.size} px, batch {size}: plain {forward:.0f}/s, scores {score:.0f}/s",
        end="",
    )
    print(f", ratio {score / forward:.3f}")
    return score / forward


def main() -> None:
    """Compare all models; exit status 1 if the claim fails."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--quick", action="store_true", help="one round of one image; the claim is not judged"
    )
    parser.add_argument("--large", action="store_true", help="ResNet-18 on 224 px, best on a GPU")
    arguments = parser.parse_args()
    samples, rounds = (1, 1) if arguments.quick else (8 if torch.cuda.is_available() else 1, 15)
    chosen = LARGE if arguments.large else ARCHITECTURES
    ratios = [compare(architecture, samples, rounds) for architecture in chosen.values()]
    raise SystemExit(not arguments.quick and min(ratios) < 0.9)


if __name__ == "__main__":
    main()
