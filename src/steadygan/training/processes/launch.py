"""Process groups as torchrun launches them, and the device of each process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist

from steadygan.errors import UsageError
from steadygan.training.processes.failures import lost_process_message
from steadygan.training.processes.watchdog import exit_with, watched
from steadygan.training.processes.world import ALONE, TIMEOUT, World


def launched() -> bool:
    """True if torchrun, or a scheduler that sets its variables, launched several processes."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextmanager
def joined(device: torch.device) -> Iterator[World]:
    """Context with the process group initialised from torchrun's variables; ``ALONE`` without them.

    The backend is NCCL on GPUs, one for each process of a machine, and gloo elsewhere.

    Raises:
        UsageError: for incomplete variables.
    """
    if not launched():
        yield ALONE
        return
    missing = [name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if name not in os.environ]
    if missing:
        raise UsageError(
            f"WORLD_SIZE is {os.environ['WORLD_SIZE']}, but {', '.join(missing)} is not set: start the processes with "
            "torchrun, or unset WORLD_SIZE"
        )
    backend = "nccl" if device.type == "cuda" else "gloo"
    if device.type == "cuda":
        torch.cuda.set_device(device)
    dist.init_process_group(backend, timeout=TIMEOUT, device_id=device if device.type == "cuda" else None)
    world = World(dist.get_rank(), dist.get_world_size())
    try:
        with watched(world, lambda: exit_with(f"steadygan: {lost_process_message('its connection is closed')}")):
            yield world
    finally:
        dist.destroy_process_group()


def local_device(name: str) -> str:
    """The device name for this process: among several processes on GPUs, the one of its local rank.

    Raises:
        UsageError: for more processes than GPUs, which NCCL does not support.
    """
    if not launched() or name not in ("auto", "cuda") or not torch.cuda.is_available():
        return name
    rank, count = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if rank >= count:
        raise UsageError(
            f"this machine has {count} GPU{'s' * (count != 1)}, but more processes were started on it: take "
            f"--nproc-per-node {count}, or --device cpu"
        )
    return f"cuda:{rank}"
