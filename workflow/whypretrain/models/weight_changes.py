"""What training changed in the weights, block by block: no data is needed, and no forward pass."""

from __future__ import annotations

import math

import pandas as pd
import torch
from torch import Tensor

from whypretrain.errors import InputError
from whypretrain.models.classifier import Classifier

COLUMNS = (
    *("block", "weights", "relative_change", "unrelated_change", "cosine"),
    *("effective_rank", "random_rank", "largest_rank"),
)
ALL = "all"


def weight_changes(before: Classifier, after: Classifier) -> pd.DataFrame:
    """One row a block, and one for all: how far `after` is from `before`, with what unrelated weights would give.

    The weights are the parameters of the backbone with two or more dimensions: matrices, kernels, embeddings of
    positions. Biases and scales of normalisation are left out, since every network starts with them at 0 and 1; the
    head, since its classes differ. With a, b the weights of a block as one vector each, and D the difference of one
    tensor as a matrix (output, rest) with singular values s:

    - `relative_change`: |b - a| / |a|; `unrelated_change`: sqrt(|a|^2 + |b|^2) / |a|, its value for orthogonal a, b.
    - `cosine`: a.b / (|a| |b|), 0 on average for unrelated weights.
    - `effective_rank` of D: exp(-sum_i p_i log p_i) with p = s / sum(s) (Roy and Vetterli, EUSIPCO 2007), from 1 to
      `largest_rank`, 0 where nothing changed; `random_rank`: of a Gaussian matrix of that shape. All three are means
      over the tensors of a block, weighted by their size.

    Args:
        before, after: models of one architecture.

    Raises:
        InputError: if the two have different weights.
    """
    old, new = (dict(model.backbone.named_parameters()) for model in (before, after))
    if {name: value.shape for name, value in old.items()} != {name: value.shape for name, value in new.items()}:
        raise InputError(
            f"weights of {before.architecture.name} and {after.architecture.name} differ in names or shapes"
        )
    owners = before.owners()
    rows = [_row(name, old[name].detach(), new[name].detach()) for name in old if old[name].ndim > 1]
    table = pd.DataFrame(rows).assign(block=[owners[str(row["name"])] for row in rows])
    blocks = [block for block in dict.fromkeys(owners.values()) if block in set(table["block"])]
    parts = {block: table[table["block"] == block] for block in blocks} | {ALL: table}
    return pd.DataFrame([_summary(block, part) for block, part in parts.items()], columns=list(COLUMNS))


def effective_rank(matrix: Tensor) -> float:
    """exp of the entropy of the normalised singular values of a matrix (m, n), between 1 and min(m, n); 0 of zeros.

    Example:
        >>> round(effective_rank(torch.eye(5)), 6)
        5.0
    """
    matrix = matrix.double()
    gram = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    found = torch.linalg.eigvalsh(gram)  # squares of the singular values, for a fraction of their cost
    values = torch.where(found > found.max() * 1e-14, found, 0).clamp(min=0).sqrt()  # what is below is rounding
    total = float(values.sum())
    return math.exp(float(torch.special.entr(values / total).sum())) if total > 0 else 0.0


def _row(name: str, old: Tensor, new: Tensor) -> dict[str, float | str]:
    a, b = old.double().flatten(), new.double().flatten()
    matrix = (new - old).squeeze()
    matrix = matrix.flatten(1) if matrix.ndim > 1 else matrix.reshape(1, -1)
    products = {"aa": float(a @ a), "bb": float(b @ b), "ab": float(a @ b), "dd": float((b - a) @ (b - a))}
    ranks = {"effective_rank": effective_rank(matrix), "random_rank": _random_rank(*matrix.shape)}
    return {"name": name, "weights": a.numel(), **products, **ranks, "largest_rank": min(matrix.shape)}


_RANDOM: dict[tuple[int, int], float] = {}


def _random_rank(rows: int, columns: int) -> float:
    if (rows, columns) not in _RANDOM:
        drawn = torch.randn(rows, columns, generator=torch.Generator().manual_seed(0))
        _RANDOM[rows, columns] = effective_rank(drawn)
    return _RANDOM[rows, columns]


def _summary(block: str, part: pd.DataFrame) -> dict[str, float | str]:
    weights = part["weights"].sum()
    aa, bb, ab, dd = (part[name].sum() for name in ("aa", "bb", "ab", "dd"))
    means = {name: (part[name] * part["weights"]).sum() / weights for name in COLUMNS[-3:]}
    return {
        "block": block,
        "weights": weights,
        "relative_change": math.sqrt(dd / aa) if aa else math.nan,
        "unrelated_change": math.sqrt((aa + bb) / aa) if aa else math.nan,
        "cosine": ab / math.sqrt(aa * bb) if aa * bb else math.nan,
        **means,
    }
