"""The score of a masked input: log-odds of the true class, stable far beyond where p rounds to one."""

from __future__ import annotations

from typing import Any

import numpy as np

from whypretrain.errors import InputError
from whypretrain.interactions.transforms import Array, is_tensor


def log_odds(logits: Array, label: Any) -> Array:
    """log(p / (1 - p)) of the true class, as z_y - logsumexp of the other logits.

    Args:
        logits: (..., K), NumPy or torch; a single column (K = 1) is the log-odds of class 1 against class 0.
        label: the true class, an integer, or integers that broadcast against the leading axes.

    Returns:
        (...,) in the floating type of the logits (half precision is raised to float32).

    Raises:
        InputError: if a label is no class of these logits.

    Source: arXiv 2409.08712, Section 3.1. The probability is never formed: in float32 log(p / (1 - p)) is
    infinite from log-odds 17 upward, which fine-tuned models often exceed.

    >>> float(log_odds(np.array([80.0, 0.0, 0.0]), 0).round(3))
    79.307
    """
    classes = max(logits.shape[-1], 2)
    label = _checked(label, classes)
    is_label = label[..., None] == np.arange(classes)  # (..., K)
    return _torch_log_odds(logits, is_label) if is_tensor(logits) else _numpy_log_odds(logits, is_label)


def _checked(label: Any, classes: int) -> np.ndarray:
    label = label.cpu().numpy() if is_tensor(label) else np.asarray(label)
    outside = label[(label < 0) | (label >= classes)]
    if outside.size:
        raise InputError(
            f"label {outside.flat[0]} is no class of a model with {classes} classes: use 0 to {classes - 1}"
        )
    return label


def _numpy_log_odds(logits: np.ndarray, is_label: np.ndarray) -> np.ndarray:
    logits = np.asarray(logits)
    logits = logits.astype(np.promote_types(logits.dtype, np.float32))
    if logits.shape[-1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=-1)
    others = np.where(is_label, -np.inf, logits)
    largest = others.max(-1, keepdims=True)
    rest = largest[..., 0] + np.log(np.exp(others - largest).sum(-1))
    return np.where(is_label, logits, 0).sum(-1) - rest


def _torch_log_odds(logits: Any, is_label: np.ndarray) -> Any:
    import torch

    logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
    if logits.shape[-1] == 1:
        logits = torch.cat([torch.zeros_like(logits), logits], dim=-1)
    mine = torch.from_numpy(is_label).to(logits.device)
    rest = logits.masked_fill(mine, -torch.inf).logsumexp(-1)
    return logits.masked_fill(~mine, 0.0).sum(-1) - rest
