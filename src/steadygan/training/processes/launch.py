"""Joining the processes that torchrun started, and the device of each."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import torch
import torch.distributed as dist

from steadygan.errors import UsageError
from steadygan.training.processes.watchdog import leave_with, watched
from steadygan.training.processes.world import ALONE, PATIENCE, World, lost_process


def asked() -> bool:
    """Did torchrun, or a scheduler that speaks as it does, start several processes?"""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


@contextmanager
def joined(device: torch.device) -> Iterator[World]:
    """The world of this process: joins the others on the way in, and leaves them on the way out.

    NCCL on GPUs, one for each process of a machine; gloo elsewhere. The addresses come from torchrun's variables.

    Raises:
        UsageError: for variables that do not fit together.
    """
    if not asked():
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
    dist.init_process_group(backend, timeout=PATIENCE, device_id=device if device.type == "cuda" else None)
    world = World(dist.get_rank(), dist.get_world_size())
    try:
        with watched(world, lambda: leave_with(f"steadygan: {lost_process('its connection is closed')}")):
            yield world
    finally:
        dist.destroy_process_group()


def own_device(name: str) -> str:
    """The device of this process: with several GPUs in a machine, that of its local rank.

    Raises:
        UsageError: for more processes than GPUs, which NCCL cannot sum over.
    """
    if not asked() or name not in ("auto", "cuda") or not torch.cuda.is_available():
        return name
    rank, there = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
    if rank >= there:
        raise UsageError(
            f"this machine has {there} GPU{'s' * (there != 1)}, but more processes were started on it: take "
            f"--nproc-per-node {there}, or --device cpu"
        )
    return f"cuda:{rank}"
