"""Linear centred kernel alignment (CKA) between two representations of the same images.

CKA: Kornblith et al. 2019 (arXiv:1905.00414). Unbiased estimate: Song et al. 2012; Nguyen et al. 2021
(arXiv:2010.15327, eq. 3).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import torch

from whypretrain.errors import InputError

Array: TypeAlias = np.ndarray | torch.Tensor

_ROWS = 256  # of a block of Gram matrices
_FEWEST_IMAGES = {False: 2, True: 4}  # below, the biased (unbiased) estimate divides by zero


def linear_cka(x: Array, y: Array, *, unbiased: bool = False) -> float:
    """Linear CKA of two representations of the same n images, exact over all of them.

    CKA = ⟨K, L⟩ / (‖K‖ ‖L‖) with K, L the Gram matrices of the column-centred x, y. In [0, 1] and 1 for
    representations equal up to rotation, one common scale and shift. `unbiased` takes ⟨K, L⟩ from Gram
    matrices without their diagonals (HSIC₁): 0 on average for unrelated representations, therefore sometimes
    a little negative. Biased CKA of unrelated representations is near 1 when features outnumber images.

    Computed in float64, from n x n or from feature x feature products, whichever are fewer operations.

    Args:
        x: (n, ...) features, one row an image; further axes are flattened.
        y: (n, ...) features of the same images, of any width.

    Raises:
        InputError: fewer than 2 images (4 if unbiased), differing numbers of images, features that are not
            finite or that are the same for every image.

    >>> x = np.random.default_rng(0).standard_normal((50, 8))
    >>> round(linear_cka(x, 3 * x + 1), 12)
    1.0
    """
    return float(cka_matrix([x], [y], unbiased=unbiased))


def gram(features: Array) -> torch.Tensor:
    """Gram matrix (n, n) of column-centred features (n, ...), in float64 on the features' device.

    Raises:
        InputError: as `linear_cka`.
    """
    centred = _centred(features)
    return centred @ centred.T


def cka_of_grams(kx: torch.Tensor, ky: torch.Tensor, *, unbiased: bool = False) -> torch.Tensor:
    """CKA of Gram matrices of centred features, (..., n, n) each; leading axes broadcast.

    Raises:
        InputError: fewer than 4 images for the unbiased estimate, or a Gram matrix that is zero once centred.
    """
    _check_counts(kx.shape[-1], ky.shape[-1], unbiased)
    if unbiased:
        kx, ky = _u_centred(kx), _u_centred(ky)
    lengths = torch.linalg.matrix_norm(kx) * torch.linalg.matrix_norm(ky)
    if not bool((lengths > 0).all()):
        raise InputError("the features of some layer are the same for every image, CKA is undefined; leave it out")
    return torch.einsum("...ij,...ij->...", kx, ky) / lengths


def cka_matrix(xs: Sequence[Array], ys: Sequence[Array], *, unbiased: bool = False) -> torch.Tensor:
    """Linear CKA (len(xs), len(ys)), float64, of every layer of one model with every layer of another.

    `linear_cka` of each pair of features (n, ...), every product made once.

    Raises:
        InputError: as `linear_cka`.
    """
    xy, xx, yy = _inner_products(xs, ys, unbiased)
    if not bool((xx > 0).all() and (yy > 0).all()):
        raise InputError("features vary too little over the images, CKA is undefined; give more images")
    return xy / (xx[:, None] * yy).sqrt()


def _centred(features: Array) -> torch.Tensor:
    """Features as (n, d) float64 with zero column means."""
    given = torch.as_tensor(features)
    precision = torch.finfo(given.dtype if given.is_floating_point() else torch.float64).eps
    wide = given.detach().to(torch.float64).flatten(1)
    if not bool(torch.isfinite(wide).all()):
        raise InputError("features hold NaN or infinity; check the model's weights and its input")
    centred = wide - wide.mean(0)
    # A spread of a few roundings is that of equal rows: its CKA would be noise over noise.
    if len(wide) > 1 and float(centred.norm()) <= 8 * precision * float(wide.norm()):
        raise InputError("features are the same for every image, CKA is undefined; choose another layer or images")
    return centred


def _check_counts(n_x: int, n_y: int, unbiased: bool) -> None:
    if n_x != n_y:
        raise InputError(f"CKA compares representations of the same images, got {n_x} and {n_y} rows")
    if n_x < _FEWEST_IMAGES[unbiased]:
        kind = "unbiased" if unbiased else "biased"
        raise InputError(f"{kind} CKA needs at least {_FEWEST_IMAGES[unbiased]} images, got {n_x}; give more")


def _u_centred(k: torch.Tensor) -> torch.Tensor:
    """U-centring: ⟨Ũ(K), Ũ(L)⟩ = n (n - 3) HSIC₁(K, L) (Székely and Rizzo 2014)."""
    n = k.shape[-1]
    off = k - torch.diag_embed(torch.diagonal(k, dim1=-2, dim2=-1))
    rows = off.sum(-1, keepdim=True) / (n - 2)
    total = off.sum((-2, -1), keepdim=True) / ((n - 1) * (n - 2))
    centred = off - rows - rows.transpose(-2, -1) + total
    return centred - torch.diag_embed(torch.diagonal(centred, dim1=-2, dim2=-1))


def _inner_products(
    xs: Sequence[Array], ys: Sequence[Array], unbiased: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """⟨K, L⟩, or n (n - 3) HSIC₁(K, L), of all pairs (len(xs), len(ys)), and of each layer with itself."""
    left, right = ([_centred(features) for features in layers] for layers in (xs, ys))
    n = len(left[0])
    for features in (*left, *right):
        _check_counts(n, len(features), unbiased)
    p, q = (sum(x.shape[1] for x in side) for side in (left, right))
    squares = sum(x.shape[1] ** 2 for x in (*left, *right))
    xy, xx, yy = (_by_grams if n * (p + q) / 2 <= p * q + squares else _by_features)(left, right)
    if not unbiased:
        return xy, xx, yy
    a, b = (torch.stack([x.square().sum(1) for x in side]) for side in (left, right))
    return xy + _u_terms(a[:, None], b), xx + _u_terms(a, a), yy + _u_terms(b, b)


def _by_features(left: list[torch.Tensor], right: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Inner products of Gram matrices from feature x feature products: ⟨K, L⟩ = ‖xᵀy‖²."""
    xy = torch.stack([torch.stack([(x.T @ y).square().sum() for y in right]) for x in left])
    xx, yy = (torch.stack([_square_norm(x.T) for x in side]) for side in (left, right))
    return xy, xx, yy


def _by_grams(left: list[torch.Tensor], right: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """The same from n x n products, a block of all layers at a time."""
    sums = [torch.zeros((), dtype=torch.float64, device=left[0].device)] * 3
    for rows, columns, weight in _lower_blocks(len(left[0])):
        a, b = (torch.stack([(x[rows] @ x[columns].T).flatten() for x in side]) for side in (left, right))
        parts = a @ b.T, a.square().sum(1), b.square().sum(1)
        sums = [total + weight * part for total, part in zip(sums, parts, strict=True)]
    return tuple(sums)


def _square_norm(x: torch.Tensor) -> torch.Tensor:
    """‖x xᵀ‖²."""
    blocks = _lower_blocks(len(x))
    return torch.stack([weight * (x[rows] @ x[columns].T).square().sum() for rows, columns, weight in blocks]).sum()


def _lower_blocks(n: int) -> Iterator[tuple[slice, slice, float]]:
    """Rows and columns that cover a symmetric n x n matrix on and below its diagonal, and how often each counts."""
    for start in range(0, n, _ROWS):
        rows = slice(start, start + _ROWS)
        yield rows, rows, 1.0
        if start:
            yield rows, slice(start), 2.0


def _u_terms(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:
    """n (n - 3) HSIC₁(K, L) - ⟨K, L⟩ from the diagonals (..., n), which are minus the row sums off them, too."""
    n = p.shape[-1]
    return p.sum(-1) * q.sum(-1) / ((n - 1) * (n - 2)) - (p * q).sum(-1) * n / (n - 2)
