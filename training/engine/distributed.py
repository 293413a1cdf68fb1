"""Ranks: how a process finds the others, and the few numbers they agree on. One process needs no launcher."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import torch
from torch import distributed as dist

from training.engine import launchers
from training.engine.quiet import deepspeed

_ALONE = {"RANK": "0", "LOCAL_RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "127.0.0.1"}


def start(minutes: float = 30.0) -> torch.device:
    """Join the other ranks (torchrun, deepspeed and srun tell where they are; alone otherwise). Returns the device.

    Raises ValueError where srun does not say enough.
    """
    os.environ.update(launchers.missing(os.environ))
    package = deepspeed()
    alone = "RANK" not in os.environ
    if alone:
        # Without these DeepSpeed looks for MPI. They are gone afterwards: a process started from here is alone too.
        os.environ.update(_ALONE | {"MASTER_PORT": str(_free_port())})
    gpu = torch.cuda.is_available()
    if gpu:
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    else:
        # On a CPU DeepSpeed would compile an operation that only inference uses, and fail without a compiler.
        package.ops.__compatible_ops__["deepspeed_shm_comm"] = False
        # Sums depend on the number of threads; one a rank is also the fastest on a shared machine.
        torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", 1)))
    if not dist.is_initialized():
        package.init_distributed(
            dist_backend="nccl" if gpu else "gloo", timeout=timedelta(minutes=minutes), verbose=False
        )
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT") if alone else ():
        os.environ.pop(name, None)
    return torch.device("cuda", torch.cuda.current_device()) if gpu else torch.device("cpu")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def world() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def barrier() -> None:
    if world() > 1:
        dist.barrier()


def summed(numbers: Sequence[float], device: torch.device) -> list[float]:
    """Sums over ranks, the same on every rank."""
    return reduced(numbers, device, dist.ReduceOp.SUM)


def largest(numbers: Sequence[float], device: torch.device) -> list[float]:
    """Largest values over ranks."""
    return reduced(numbers, device, dist.ReduceOp.MAX)


def reduced(numbers: Sequence[float], device: torch.device, how: Any) -> list[float]:
    held = torch.tensor(list(numbers), dtype=torch.float64, device=device)
    if world() > 1:
        dist.all_reduce(held, op=how)
    return [float(number) for number in held.tolist()]


def gathered(value: Any) -> list[Any]:
    """The value of every rank, on every rank; small values only."""
    if world() == 1:
        return [value]
    found: list[Any] = [None] * world()
    dist.all_gather_object(found, value)
    return found


def told(value: Any) -> Any:
    """Rank 0's value, on every rank."""
    held = [value]
    if world() > 1:
        dist.broadcast_object_list(held, src=0)
    return held[0]
