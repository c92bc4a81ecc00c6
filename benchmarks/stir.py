"""The full STIR matrix of a model pair, both directions: shared inversions against one inversion a cell.

Claim: with the same values, L blocks take about 1.1 L times less than the algorithm of the reference (which does
L times the inversions and forward passes to the end), and far less than with the graph traced anew at every
call, as its base library does; so 10 times less from 9 blocks on, and from 2 on, respectively. Sharing and
stopping early bound the former: with a backward pass of b forward passes it is L (L + b (L + 1) / 2) / ((1 + b)
(L + 1) / 2), that is 7.4 at 6 blocks for the b = 2.1 measured. Steps themselves are 57 % matrix products at the
core's speed; one batch over all blocks or another attention kernel changed them by 7 % at most.
Peer: the algorithm of github.com/nvedant07/STIR at 9de8699 (stir-invariance 0.0), written plainly, as that
code needs a GPU: for every pair of layers and each direction it inverts the reference layer anew, every step
runs the whole network, weights are not frozen, CKA is the biased one of the features. Same noise for both.

    python benchmarks/stir.py [--quick]

Last result (torch 2.15.0, one thread of a busy EPYC, 32 images, 10 steps, CPU seconds; ratio to ours, growth of
peak memory): 2 blocks ours 0.5 s, 14 MiB; reference x2.4, 15 MiB; re-tracing x19, 39 MiB. 4 blocks ours 1.6 s,
23 MiB; x4.6, 27 MiB; x35, 89 MiB. 6 blocks ours 3.4 s, 33 MiB; x6.8, 38 MiB; re-tracing was not run to its end.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
import warnings
from collections.abc import Callable

import numpy as np
import torch
from torchvision.models.feature_extraction import create_feature_extractor

from whypretrain import models
from whypretrain.invariances import block_grams, invert_blocks, inverted_grams, starting_noise
from whypretrain.invariances.cka import cka_of_grams

STEP_SIZE = 0.5

Forward = Callable[[models.Classifier, torch.Tensor], list[torch.Tensor]]


def whole(model: models.Classifier, images: torch.Tensor) -> list[torch.Tensor]:
    """All block outputs and the logits: what a full forward pass gives."""
    outputs = model.blocks(images)
    tokens = outputs[-1].unflatten(1, (-1, model.head.in_features))
    return [*outputs, model.head(model.backbone.norm(tokens)[:, 0])]


def traced(model: models.Classifier, images: torch.Tensor) -> list[torch.Tensor]:
    """The same through a graph that is traced anew at every call, as the reference's base library does."""
    nodes = {f"blocks.{k}.add_1": str(k) for k in range(len(model.block_names))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        outputs = create_feature_extractor(model.backbone, nodes)((images - 0.5) / 0.5)
    return [output.flatten(1) for output in outputs.values()]


def pair(depth: int) -> list[models.Classifier]:
    options = {"patch_size": 4, "embed_dim": 96, "depth": depth, "num_heads": 4}
    vit = models.Architecture("vit_tiny_patch16_224", 16, 1, options)
    return [models.build(vit, [str(k) for k in range(10)], seed=seed).eval() for seed in (0, 1)]


def ours(depth: int, images: torch.Tensor, steps: int) -> np.ndarray:
    """(direction, inverted block, tested block)."""
    matrices = []
    for inverted, tested in (pair(depth), pair(depth)[::-1]):
        made = invert_blocks(inverted, images, steps=steps, step_size=STEP_SIZE, seed=0)
        matrices.append(cka_of_grams(block_grams(tested, images)[None], inverted_grams(tested, made)))
    return torch.stack(matrices).numpy()


def reference(depth: int, images: torch.Tensor, steps: int, whole: Forward = whole) -> np.ndarray:
    """The same by an inversion a cell."""
    matrix = np.zeros((2, depth, depth))
    for direction, (inverted, tested) in enumerate((pair(depth), pair(depth)[::-1])):
        for i in range(depth):
            for j in range(depth):
                made = plain_inversion(whole, inverted, i, images, steps)
                with torch.no_grad():
                    matrix[direction, i, j] = plain_cka(whole(tested, images)[j], whole(tested, made)[j])
    return matrix


def re_tracing(depth: int, images: torch.Tensor, steps: int) -> np.ndarray:
    """The reference with its base library's forward."""
    return reference(depth, images, steps, traced)


def plain_inversion(
    whole: Forward, model: models.Classifier, block: int, images: torch.Tensor, steps: int
) -> torch.Tensor:
    with torch.no_grad():
        target = whole(model, images)[block]
    current = best = starting_noise(images, seed=0).clamp(0, 1)
    lowest = torch.full((len(images),), torch.inf)
    for step in range(steps + 1):
        current = current.detach().requires_grad_()
        loss = (whole(model, current)[block] - target).norm(dim=1) / target.norm(dim=1)
        better = loss.detach() < lowest
        best = torch.where(better[:, None, None, None], current.detach(), best)
        lowest = torch.where(better, loss.detach(), lowest)
        if step < steps:
            (gradient,) = torch.autograd.grad(loss.sum(), current)
            length = gradient.flatten(1).norm(dim=1)[:, None, None, None] + 1e-10
            current = (current - STEP_SIZE * gradient / length).clamp(0, 1)
    return best


def plain_cka(x: torch.Tensor, y: torch.Tensor) -> float:
    x, y = x - x.mean(0), y - y.mean(0)
    k, m = x @ x.T, y @ y.T
    return float((k * m).sum() / (k.norm() * m.norm()))


def measured(way: str, depth: int, count: int, steps: int) -> tuple[float, float, np.ndarray]:
    """CPU seconds, growth of a fresh process's peak memory in MiB, and the matrices."""
    torch.set_num_threads(1)
    images = torch.rand(count, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    call = {"ours": ours, "reference": reference, "re-tracing": re_tracing}[way]
    call(1, images[:4], 1)  # imports and first calls
    before, begin = peak_mib(), time.process_time()
    found = call(depth, images, steps)
    return time.process_time() - begin, peak_mib() - before, found


def peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="2 and 4 blocks, few images and steps")
    quick = parser.parse_args().quick
    depths, count, steps = ((2, 4), 16, 5) if quick else ((2, 4, 6), 32, 10)
    print(
        f"torch {torch.__version__}, CPU seconds, one thread; ViT d=96, 16x16, {count} images, {steps} steps"
    )
    print("MiB: growth of the peak memory; ratio: CPU seconds of ours")
    for depth in depths:
        results = {}
        for way in ("ours", "reference", "re-tracing"):
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                took, mib, found = results[way] = pool.apply(measured, (way, depth, count, steps))
            ratio, difference = took / results["ours"][0], np.abs(found - results["ours"][2]).max()
            numbers = f"{took:7.1f} s {mib:5.0f} MiB  ratio {ratio:5.1f}  largest difference {difference:.0e}"
            print(f"{depth} blocks  {way:10s} {numbers}", flush=True)


if __name__ == "__main__":
    main()
