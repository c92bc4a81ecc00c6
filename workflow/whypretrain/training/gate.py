"""The gate before reduced precision in training: it is used only where the first step's gradients allow it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from whypretrain.runtime.files import leads
from whypretrain.runtime.precision import Precision

#: Largest relative error of a gradient. Below it, its direction is right to 3 degrees (cosine 0.9987) and its length to
#: 5 %. The choice of the batch moves a gradient by its own length and more, so that rounding adds less than a
#: four-hundredth to the variance of the steps.
TOLERANCE = 0.05


def safe_for_gradients(wanted: Precision, gradients: Callable[[Precision], list[Tensor]]) -> Precision:
    """`wanted` where its gradients agree with those of float32, else "float32", said on standard error.

    Args:
        gradients: the same step's gradients at a precision, one vector for each part of the network (backbone, heads),
            each of which must agree: |g - g32| <= TOLERANCE |g32|, Euclidean.
    """
    if wanted == "float32":
        return wanted
    pairs = zip(gradients("float32"), gradients(wanted), strict=True)
    errors = [float((rounded - exact).norm() / exact.norm()) for exact, rounded in pairs]
    if all(error <= TOLERANCE for error in errors):  # not so for NaN
        return wanted
    if leads():
        print(
            f"precision: {wanted} would move the first gradient by {max(errors):.1%}, more than {TOLERANCE:.0%}; "
            "training in float32",
            file=sys.stderr,
        )
    return "float32"


@contextmanager
def without_trace(modules: nn.Module) -> Iterator[None]:
    """Forwards within are without dropout and leave no trace in running statistics; BatchNorm sees its batch."""
    buffers = [(buffer, buffer.clone()) for buffer in modules.buffers()]
    training = [(module, module.training) for module in modules.modules()]
    for module, was_training in training:
        module.training = was_training and isinstance(module, nn.modules.batchnorm._BatchNorm)
    try:
        yield
    finally:
        for module, was_training in training:
            module.training = was_training
        with torch.no_grad():
            for buffer, value in buffers:
                buffer.copy_(value)
