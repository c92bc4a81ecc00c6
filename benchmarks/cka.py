"""Unbiased linear CKA: exact values, and the time of one pair and of a layer by layer matrix.

Claim: equal to the definition and to pytorch-cka to 1e-9 in float64; faster than both for features fewer than
images (no n x n matrix is formed); for a layer by layer matrix at least as fast as pytorch-cka and ten times
as fast as the definition pair by pair (each Gram matrix is made once).
Peers: the definition with its matrix products (NumPy; Song et al. 2012), and pytorch-cka 1.1.3 (left out
where it is not installed: pip install pytorch-cka==1.1.3).

    python benchmarks/cka.py [--quick]

Last result (torch 2.15.0, numpy 2.4.6, one thread of a busy EPYC, n = 500, CPU seconds): one pair of
widths 100 and 60: ours 0.0014, definition 0.030, pytorch-cka 0.0024; of widths 2000: 0.048, 0.052, 0.039;
12 x 12 layers of width 2000: 0.32, 7.6, 0.55. Largest differences 4e-14 (definition), 2e-13 (pytorch-cka).
"""

from __future__ import annotations

import argparse
import importlib.machinery
import importlib.util
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

from whypretrain.invariances import cka_of_grams, gram, linear_cka


def by_definition(x: np.ndarray, y: np.ndarray) -> float:
    """The three terms of HSIC₁ from n x n matrix products."""
    k, m = x @ x.T, y @ y.T
    return hsic(k, m) / (hsic(k, k) * hsic(m, m)) ** 0.5


def hsic(k: np.ndarray, m: np.ndarray) -> float:
    n = len(k)
    one, k, m = np.ones(n), k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    terms = np.trace(k @ m) + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2))
    return (terms - 2 / (n - 2) * (one @ (k @ m) @ one)) / (n * (n - 3))


def seconds(call: Callable[[], object]) -> float:
    """CPU seconds, best of three."""
    times = []
    for _ in range(3):
        begin = time.process_time()
        call()
        times.append(time.process_time() - begin)
    return min(times)


def our_matrix(layers: list[torch.Tensor]) -> np.ndarray:
    grams = torch.stack([gram(layer) for layer in layers])
    return cka_of_grams(grams[:, None], grams[None], unbiased=True).numpy()


def peer() -> Callable[[object, object], torch.Tensor] | None:
    """pytorch-cka's function; its module is named as this file is, which therefore must be passed over."""
    found = importlib.machinery.PathFinder.find_spec("cka", sys.path[1:])
    if found is None or found.loader is None:
        return None
    module = sys.modules["cka"] = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module.cka_from_features


def row(label: str, value: np.ndarray, expected: np.ndarray, took: float) -> None:
    print(f"  {label:14s} {took:8.4f} s   largest difference from ours {np.abs(value - expected).max():.1e}")


def compare_pair(x: torch.Tensor, y: torch.Tensor) -> None:
    print(f"one pair, n = {len(x)}, widths {x.shape[1]} and {y.shape[1]}")
    ours = np.asarray(linear_cka(x, y, unbiased=True))
    row("ours", ours, ours, seconds(lambda: linear_cka(x, y, unbiased=True)))
    a, b = x.numpy(), y.numpy()
    row("definition", np.asarray(by_definition(a, b)), ours, seconds(lambda: by_definition(a, b)))
    if theirs := peer():
        row("pytorch-cka", theirs(x, y).numpy(), ours, seconds(lambda: theirs(x, y)))


def compare_matrix(layers: list[torch.Tensor]) -> None:
    print(f"{len(layers)} x {len(layers)} layers, n = {len(layers[0])}, width {layers[0].shape[1]}")
    ours = our_matrix(layers)
    row("ours", ours, ours, seconds(lambda: our_matrix(layers)))
    arrays = [layer.numpy() for layer in layers]
    plain = lambda: np.array([[by_definition(a, b) for b in arrays] for a in arrays])  # noqa: E731
    row("definition", plain(), ours, seconds(plain))
    if theirs := peer():
        row("pytorch-cka", theirs(layers, layers).numpy(), ours, seconds(lambda: theirs(layers, layers)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="fewer images and layers")
    quick = parser.parse_args().quick
    torch.set_num_threads(1)
    n, depth = (100, 3) if quick else (500, 12)
    generator = torch.Generator().manual_seed(0)
    base = torch.randn(n, 2000, generator=generator, dtype=torch.float64)
    noisy = base + torch.randn(n, 2000, generator=generator, dtype=torch.float64)
    print(f"torch {torch.__version__}, numpy {np.__version__}, one thread, float64, CPU seconds, best of 3")
    compare_pair(base[:, :100], noisy[:, :60])
    compare_pair(base, noisy)
    compare_matrix([base + noisy * level for level in range(depth)])


if __name__ == "__main__":
    main()
