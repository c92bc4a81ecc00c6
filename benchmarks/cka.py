"""Claim: unbiased linear CKA, one pair and a layer by layer matrix, at least level with the peers, and 4x
where n >> d.

Peers: `cka_from_features` of pytorch-cka (pairs and matrices), `cka_batch` of ckatorch (pair by pair). All in
float64 on the same features, to the same values.

Last result (2026-11-21, commit deff2bd, AMD EPYC, 2 cores, one thread): the peer's time over ours
    1000 x 768, one pair, pytorch-cka: 1.3 (1.22–1.34)
    1000 x 768, 12 x 12 layers, pytorch-cka: 1.39 (1.29–1.4)
    1000 x 768, one pair, ckatorch: 3.92 (3.89–3.95)
    1000 x 768, 12 x 12 layers, ckatorch: 39.4 (39.3–40.3)
    4000 x 768, one pair, pytorch-cka: 4.11 (4.08–4.15)
    4000 x 768, one pair, ckatorch: 31.2 (28.3–32.8)

    python -m benchmarks cka [--quick]
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import torch

from benchmarks._case import Case, Pair
from whypretrain import models
from whypretrain.invariances import cka_matrix, linear_cka

LAYERS = 12
GRID_SHARE = 1 / 12  # ckatorch does one row of the matrix


def cases(quick: bool) -> Iterator[Case]:
    """Features as many as images, and fewer."""
    for n, d in ((60, 40), (200, 20)) if quick else ((1000, 768), (4000, 768)):
        aim = 1.0 if n < 2 * d else 4.0
        grid = f"{n} x {d}, {LAYERS} x {LAYERS} layers"
        peers = (
            ("pytorch-cka", "cka", pytorch_pair, pytorch_grid),
            ("ckatorch", "ckatorch", ckatorch_pair, ckatorch_row),
        )
        for package, module, one, many in peers:
            share = GRID_SHARE if module == "ckatorch" else 1.0
            options = {"aim": aim, "package": package, "needs": module}
            yield Case(f"{n} x {d}, one pair", partial(one, n, d), package, **options, memory=True)
            yield Case(
                grid,
                partial(many, n, d),
                package,
                **options,
                share=share,
                why="either way a layer's Gram matrix is made once; its symmetry saves a half of that, not more",
                threads=(1, 2) if n < 2000 else (2,),
            )


def layers(n: int, d: int, number: int, seed: int = 0) -> torch.Tensor:
    """Features (number, n, d) that share less and less, float64."""
    generator = torch.Generator().manual_seed(seed)
    base, noise = (torch.randn(n, d, generator=generator, dtype=torch.float64) for _ in range(2))
    return torch.stack([base + noise * level / 3 for level in range(number)]).to(models.device())


def pytorch_pair(n: int, d: int) -> Pair:
    """One pair against pytorch-cka."""
    from cka import cka_from_features

    x, y = layers(n, d, 2)
    return Pair(lambda: linear_cka(x, y, unbiased=True), lambda: cka_from_features(x, y).item())


def pytorch_grid(n: int, d: int) -> Pair:
    """A matrix against pytorch-cka."""
    from cka import cka_from_features

    x, y = layers(n, d, LAYERS), layers(n, d, LAYERS, seed=1)
    return Pair(lambda: cka_matrix(x, y, unbiased=True).cpu(), lambda: cka_from_features(x, y).cpu(), clipped)


def ckatorch_pair(n: int, d: int) -> Pair:
    """One pair against ckatorch."""
    from ckatorch import cka_batch

    x, y = layers(n, d, 2)
    return Pair(lambda: linear_cka(x, y, unbiased=True), lambda: cka_batch(x[None], y[None]).item())


def ckatorch_row(n: int, d: int) -> Pair:
    """A matrix against the first row of it by ckatorch."""
    from ckatorch import cka_batch

    x, y = layers(n, d, LAYERS), layers(n, d, LAYERS, seed=1)
    return Pair(
        lambda: cka_matrix(x, y, unbiased=True).cpu(),
        lambda: [cka_batch(x[:1], each[None]).item() for each in y],
        lambda ours, row: clipped(ours[0], row),
    )


def clipped(ours: torch.Tensor, theirs: torch.Tensor | list[float]) -> float:
    """Largest difference; pytorch-cka cuts at 0, below which the unbiased estimate may fall."""
    found, expected = (np.clip(np.asarray(each), 0, 1) for each in (ours, theirs))
    return float(np.abs(found - expected).max())
