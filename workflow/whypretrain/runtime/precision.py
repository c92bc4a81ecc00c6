"""The precision of floating-point operations, for features, scores and training alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal, get_args

import torch

from whypretrain.errors import InputError

Precision = Literal["float32", "tf32", "bfloat16"]


@contextmanager
def precision(dtype: Precision, device: torch.device) -> Iterator[None]:
    """The context of forwards, and backwards, at `dtype`; weights stay float32.

    - `float32`: in full, without the TF32 that cuDNN defaults to.
    - `tf32`: matrix products and convolutions with 10 bits of mantissa, on GPUs that have it; float32 elsewhere.
    - `bfloat16`: torch's autocast; what needs more than 8 bits (losses, norms) stays float32.

    Raises:
        InputError: if the precision is unknown.
    """
    if dtype not in get_args(Precision):
        raise InputError(f"dtype {dtype!r} is unknown: use {', '.join(get_args(Precision))}")
    rounded: AbstractContextManager = nullcontext()
    if dtype == "bfloat16":
        rounded = torch.autocast(device.type, torch.bfloat16)
    on_gpu = device.type == "cuda"
    switches: list[Any] = [torch.backends.cuda.matmul, torch.backends.cudnn] if on_gpu else []
    before = [switch.allow_tf32 for switch in switches]
    try:
        for switch in switches:
            switch.allow_tf32 = dtype == "tf32"
        with rounded:
            yield
    finally:
        for switch, allowed in zip(switches, before, strict=True):
            switch.allow_tf32 = allowed
