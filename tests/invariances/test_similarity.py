"""STIR of plain callables: closed forms for linear layers, known invariance groups, exact inversions.

Linear case: for A1 with orthonormal rows, exact inversions are X' = X P1 + X'_0 (I - P1), P1 = A1ᵀ A1.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from whypretrain.invariances import invert, linear_cka, stir

D, N = 24, 400


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def rows(k: int, seed: int) -> torch.Tensor:
    return torch.linalg.qr(normal(D, k, seed=seed))[0].T  # (k, D), orthonormal


def layer(weight: torch.Tensor):
    return lambda x: x @ weight.T


@pytest.fixture(scope="module")
def linear_case() -> dict[str, torch.Tensor]:
    return {"x": normal(N, D, seed=0), "start": normal(N, D, seed=1), "a1": rows(10, 2), "a2": rows(8, 3)}


EXACT = {"steps": 400, "step_size": 0.02, "seed": 0, "bounds": None}


def test_linear_inversion_is_the_projection(linear_case):
    x, start, a1 = (linear_case[key] for key in ("x", "start", "a1"))
    projector = a1.T @ a1
    made = invert(layer(a1), x, start=start, **EXACT)
    exact = x @ projector + start @ (torch.eye(D) - projector)
    assert float((made.images - exact).norm(dim=1).max()) <= EXACT["step_size"]


@pytest.mark.parametrize("unbiased", [False, True])
def test_linear_stir_equals_its_closed_form(linear_case, unbiased):
    x, start, a1, a2 = (linear_case[key] for key in ("x", "start", "a1", "a2"))
    projector = a1.T @ a1
    exact = x @ projector + start @ (torch.eye(D) - projector)
    expected = linear_cka(x @ a2.T, exact @ a2.T, unbiased=unbiased)
    found = stir(layer(a2), layer(a1), x, start=start, unbiased=unbiased, **EXACT)
    assert found == pytest.approx(expected, abs=1e-3)


def test_population_value_of_linear_stir():
    """‖C‖² / (‖S‖ ‖S'‖): C = A2 Σ P1 A2ᵀ, S = A2 Σ A2ᵀ, S' = A2 P1 Σ P1 A2ᵀ + s² A2 (I - P1) A2ᵀ."""
    n, noise = 4000, 0.7
    a1, a2, spread = rows(10, 2), rows(8, 3), torch.linspace(0.5, 2, D, dtype=torch.float64)
    sigma, projector = torch.diag(spread**2), a1.T @ a1
    cross = a2 @ sigma @ projector @ a2.T
    clean = a2 @ sigma @ a2.T
    inverted = a2 @ (projector @ sigma @ projector + noise**2 * (torch.eye(D) - projector)) @ a2.T
    expected = float(cross.norm() ** 2 / (clean.norm() * inverted.norm()))
    x, start = normal(n, D, seed=4) * spread, noise * normal(n, D, seed=5)
    found = stir(layer(a2), layer(a1), x, start=start, unbiased=True, **EXACT)
    assert found == pytest.approx(expected, abs=0.02)


@pytest.mark.parametrize("s", [1.0, 0.5])
def test_axis_aligned_value(s):
    """r shared of k2 tested dimensions, Σ = I: r / sqrt(k2 (r + (k2 - r) s⁴)), and r / k2 for s = 1."""
    k2, r, n = 16, 8, 3000
    a2, a1 = torch.eye(D, dtype=torch.float64)[:k2], torch.eye(D, dtype=torch.float64)[:r]
    found = stir(layer(a2), layer(a1), normal(n, D, seed=6), start=s * normal(n, D, seed=7), unbiased=True, **EXACT)
    assert found == pytest.approx(r / np.sqrt(k2 * (r + (k2 - r) * s**4)), abs=0.02)


@pytest.mark.slow
def test_axis_aligned_biased_value_at_500_images():
    """((n - 1) r + k2²) / ((n - 1) k2 + k2²) for independent noise; sqrt(r / k2) for one noise image."""
    k2, r, n = 16, 8, 500
    a2, a1 = torch.eye(D, dtype=torch.float64)[:k2], torch.eye(D, dtype=torch.float64)[:r]
    draws = [(normal(n, D, seed=8 + k), normal(n, D, seed=90 + k)) for k in range(16)]
    independent = np.mean([stir(layer(a2), layer(a1), x, start=start, **EXACT) for x, start in draws])
    shared = np.mean([stir(layer(a2), layer(a1), x, start=start[:1].expand(n, D), **EXACT) for x, start in draws])
    assert independent == pytest.approx(((n - 1) * r + k2**2) / ((n - 1) * k2 + k2**2), abs=0.008)  # not r / k2 = 0.5
    assert shared == pytest.approx((r / k2) ** 0.5, abs=0.02)


def test_default_box_and_noise_separate_related_from_unrelated():
    images = torch.rand(128, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    weight, other = (torch.randn(64, 20, generator=torch.Generator().manual_seed(seed)) for seed in (1, 2))
    mix = torch.randn(20, 20, generator=torch.Generator().manual_seed(3))
    settings = {"steps": 100, "step_size": 0.1, "seed": 0}
    reference = lambda x: x.flatten(1) @ weight  # noqa: E731
    assert stir(lambda x: x.flatten(1) @ (weight @ mix), reference, images, **settings) > 0.99
    assert stir(lambda x: x.flatten(1) @ other, reference, images, **settings) < 0.35


def test_a_function_of_the_reference_has_its_invariances_but_not_conversely():
    images = torch.rand(100, 64, generator=torch.Generator().manual_seed(0))
    weight = torch.randn(64, 12, generator=torch.Generator().manual_seed(1)) / 8
    keep = torch.randn(12, 3, generator=torch.Generator().manual_seed(2))
    reference, tested = (lambda x: x @ weight), (lambda x: torch.tanh(x @ weight @ keep))
    settings = {"steps": 300, "step_size": 0.03, "seed": 0}
    turn = torch.linalg.qr(torch.randn(12, 12, generator=torch.Generator().manual_seed(3)))[0]
    assert stir(tested, reference, images, **settings) > 0.999
    assert stir(lambda x: x @ weight @ turn, reference, images, **settings) > 0.999
    assert stir(reference, tested, images, **settings) < 0.8


@pytest.mark.parametrize(
    ("group_mean", "move"),
    [(lambda x: x.mean(1), lambda x: x.roll(1, 1)), (lambda x: x.mean(3), lambda x: x.roll(3, 3))],
    ids=["channels", "shifts"],
)
def test_known_invariances_are_found(group_mean, move):
    """Moved images are exact inversions of a mean over the group; begun there, STIR is the CKA with them."""
    images = torch.rand(60, 3, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weight = torch.randn(192, 10, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    tested = lambda x: x.flatten(1) @ weight  # noqa: E731
    reference = lambda x: group_mean(x).flatten(1)  # noqa: E731
    found = stir(tested, reference, images, steps=5, step_size=1e-9, seed=0, start=move(images))
    assert found == pytest.approx(linear_cka(tested(images), tested(move(images))), abs=1e-6)
    assert found < 0.9
    assert stir(reference, reference, images, steps=5, step_size=1e-9, seed=0, start=move(images)) > 1 - 1e-9
