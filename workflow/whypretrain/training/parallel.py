"""One training in several processes of one machine, a GPU each: all take their part of every batch, gradients add up.

torchrun starts the processes; without it there is one, and all functions here are without effect. Every process draws
the same batches of the same seed, and every decision is taken by all: a process that went its own way would wait for
the others forever.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import torch
import torch.distributed as dist
from torch import Tensor, nn

from whypretrain.errors import InputError
from whypretrain.runtime.files import among


@contextmanager
def together() -> Iterator[None]:
    """Join the processes that torchrun started; each has the GPU of its number, or they share the CPU.

    Raises:
        InputError: if there are fewer GPUs than processes.
    """
    number = among()[1]
    if number == 1:
        yield
        return
    if torch.cuda.is_available():
        if number > torch.cuda.device_count():
            raise InputError(f"train.gpus: {number}, but this machine shows {torch.cuda.device_count()}")
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
    # Flags lie on the CPU: so that no step waits for the GPU.
    dist.init_process_group("cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo")
    try:
        yield
    finally:
        dist.destroy_process_group()


def size() -> int:
    """Number of processes."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """Number of this process, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def part(number: int) -> slice:
    """This process's rows of a batch of so many; parts differ by one row at most.

    Raises:
        InputError: if there are fewer rows than processes.
    """
    if number < size():
        raise InputError(f"batch_size: {number} images for {size()} GPUs; give each at least one")
    mine = torch.arange(number).tensor_split(size())[rank()]
    return slice(int(mine[0]), int(mine[-1]) + 1)


def add_up(tensors: Sequence[Tensor]) -> None:
    """Replace tensors by their sums over the processes, in one message."""
    if size() == 1:
        return
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    dist.all_reduce(flat)
    for tensor, summed in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
        tensor.copy_(summed.view_as(tensor))


def refuse(flag: bool) -> bool:
    """In place of `any_of` where forwards wait for each other: no process can warn the others that it is out of memory.

    Raises:
        InputError: if the flag is raised.
    """
    if flag:
        raise InputError("out of memory with BatchNorm over several GPUs, where no batch is halved: give micro_batch")
    return False


def any_of(flag: bool) -> bool:
    """Whether the flag is raised in any process; waits for all."""
    if size() == 1:
        return flag
    raised = torch.tensor(int(flag))
    dist.all_reduce(raised, dist.ReduceOp.MAX)
    return bool(raised)


def of_first(value: float) -> float:
    """The first process's value."""
    if size() == 1:
        return value
    told = torch.tensor(value, dtype=torch.float64)
    dist.broadcast(told, 0)
    return float(told)


def share_statistics(network: nn.Module) -> bool:
    """Let BatchNorm see the batch of all processes, on GPUs; whether it does, so that forwards wait for each other."""
    if size() == 1 or not torch.cuda.is_available():
        return False
    from timm.layers import convert_sync_batchnorm

    convert_sync_batchnorm(network)
    return any(isinstance(module, nn.SyncBatchNorm) for module in network.modules())


def take_buffers_of_first(network: nn.Module) -> None:
    """Running statistics that the processes gathered by themselves become those of the first."""
    if size() > 1:
        for buffer in network.buffers():
            dist.broadcast(buffer, 0)
