"""Linear centred kernel alignment (CKA) between two representations of the same images, and a subspace
baseline.

CKA: Kornblith et al. 2019 (arXiv:1905.00414). Unbiased estimate: Song et al. 2012; Nguyen et al. 2021
(arXiv:2010.15327, eq. 3). Subspace similarity: Ramasesh et al. 2021 (arXiv:2007.07400).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
import torch

from whypretrain.errors import InputError

Array: TypeAlias = np.ndarray | torch.Tensor

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
    x, y = _centred(x), _centred(y)
    _check_counts(len(x), len(y), unbiased)
    n, widths = len(x), x.shape[1] + y.shape[1]
    if n * widths <= x.shape[1] * y.shape[1] + x.shape[1] ** 2 + y.shape[1] ** 2:
        return float(cka_of_grams(x @ x.T, y @ y.T, unbiased=unbiased))
    xy, xx, yy = (float(_inner_of_features(a, b, unbiased)) for a, b in ((x, y), (x, x), (y, y)))
    return _ratio(xy, xx, yy)


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
        raise InputError(
            "the features of some layer are the same for every image, CKA is undefined; leave it out"
        )
    return torch.einsum("...ij,...ij->...", kx, ky) / lengths


def cka_matrix(xs: Sequence[Array], ys: Sequence[Array], *, unbiased: bool = False) -> torch.Tensor:
    """Linear CKA (len(xs), len(ys)), float64, of every layer of one model with every layer of another.

    `linear_cka` of each pair (n, ...) of features, from one Gram matrix a layer: L layers take 2 L products with
    n x n entries, and one more with all of them.

    Raises:
        InputError: as `linear_cka`.
    """
    sides = []
    for features in (xs, ys):
        grams = torch.stack([gram(each) for each in features])
        _check_counts(len(xs[0]), grams.shape[-1], unbiased)
        flat = (_u_centred(grams) if unbiased else grams).flatten(1)
        sides.append(flat / torch.linalg.vector_norm(flat, dim=1, keepdim=True))
    return sides[0] @ sides[1].T


def minibatch_cka(batches: Iterable[tuple[Array, Array]]) -> float:
    """Unbiased CKA from batches (x, y) of features of the same images, in memory of one batch.

    The three HSIC₁ are averaged over batches before their ratio is taken (arXiv:2010.15327, eq. 2).

    Raises:
        InputError: no batch, or a batch of fewer than 4 images.
    """
    parts = [_hsic_triple(_centred(x), _centred(y)) for x, y in batches]
    if not parts:
        raise InputError("minibatch CKA got no batch; give at least one of 4 images or more")
    xy, xx, yy = (sum(values) / len(parts) for values in zip(*parts, strict=True))
    return _ratio(xy, xx, yy)


def subspace_similarity(x: Array, y: Array, *, components: int | float = 50) -> float:
    """Overlap of the spans of the leading principal directions: (1/k) ‖V_kᵀ U_k‖², in [0, 1].

    Directions come from the n x n Gram matrices, so wide features are cheap.

    Args:
        x: (n, d) features.
        y: (n, d) features in the same coordinates.
        components: k, or, as a fraction below 1, the share of the variance of `x` that k directions must
        reach.

    Raises:
        InputError: differing shapes, or more components than either representation has dimensions.
    """
    x, y = _centred(x), _centred(y)
    if x.shape != y.shape:
        raise InputError(
            f"subspace similarity needs features of one shape, got {tuple(x.shape)} and {tuple(y.shape)}"
        )
    (values_x, left_x), (values_y, left_y) = _principal(x), _principal(y)
    k = components if isinstance(components, int) else _components_for(values_x, components)
    rank = min(len(values_x), len(values_y))
    if not 1 <= k <= rank:
        raise InputError(
            f"subspace similarity over {k} components, but the features span {rank}; ask for fewer"
        )
    cross = (x.T @ left_x[:, :k] / values_x[:k].sqrt()).T @ (y.T @ left_y[:, :k] / values_y[:k].sqrt())
    return float(cross.square().sum() / k)


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
        raise InputError(
            "features are the same for every image, CKA is undefined; choose another layer or images"
        )
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


def _inner_of_features(x: torch.Tensor, y: torch.Tensor, unbiased: bool) -> torch.Tensor:
    """⟨K, L⟩, or n (n - 3) HSIC₁(K, L), from centred features without forming an n x n matrix."""
    inner = (x.T @ y).square().sum()
    if not unbiased:
        return inner
    n, p, q = len(x), x.square().sum(1), y.square().sum(1)  # diagonals, and minus the row sums off them
    return inner - (p @ q) * n / (n - 2) + p.sum() * q.sum() / ((n - 1) * (n - 2))


def _hsic_triple(x: torch.Tensor, y: torch.Tensor) -> tuple[float, float, float]:
    n = len(x)
    _check_counts(n, len(y), True)
    kx, ky, scale = _u_centred(x @ x.T), _u_centred(y @ y.T), n * (n - 3)
    return float((kx * ky).sum()) / scale, float((kx * kx).sum()) / scale, float((ky * ky).sum()) / scale


def _ratio(xy: float, xx: float, yy: float) -> float:
    if xx <= 0 or yy <= 0:
        raise InputError("features vary too little over the images, CKA is undefined; give more images")
    return xy / (xx * yy) ** 0.5


def _principal(centred: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Non-zero eigenvalues of the Gram matrix, largest first, with their eigenvectors as columns."""
    values, vectors = torch.linalg.eigh(centred @ centred.T)
    values, vectors = values.flip(0), vectors.flip(1)
    kept = values > values[0] * len(values) * torch.finfo(values.dtype).eps
    return values[kept], vectors[:, kept]


def _components_for(values: torch.Tensor, share: float) -> int:
    return int((values.cumsum(0) / values.sum() < share).sum()) + 1
