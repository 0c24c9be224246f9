"""Process groups as torchrun launches them, and the device of each process."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist

from steadygan.errors import RunError, UsageError
from steadygan.system import launched as variables
from steadygan.system.launched import Place
from steadygan.training.processes.failures import lost_process_message
from steadygan.training.processes.meeting import met
from steadygan.training.processes.watchdog import exit_with, watched
from steadygan.training.processes.world import ALONE, TIMEOUT, World

_joins = itertools.count()  # of this process, and as many in the others


def launched() -> bool:
    """True if torchrun, or a scheduler that sets its variables, launched several processes.

    Raises:
        UsageError: for a WORLD_SIZE that is no number of processes.
    """
    return variables.size() > 1


@contextmanager
def joined(device: torch.device) -> Iterator[World]:
    """Context with the process group initialised from torchrun's variables; ``ALONE`` without them.

    The backend is NCCL on GPUs, one for each process of a machine, and gloo elsewhere.

    Raises:
        UsageError: for variables that are missing, or cannot be.
        RunError: if the processes do not find each other.
    """
    if not launched():
        yield ALONE
        return
    place = variables.place()
    backend = "nccl" if device.type == "cuda" else "gloo"
    if device.type == "cuda":
        torch.cuda.set_device(device)
    store = _init_group(backend, device, place)
    world = World(dist.get_rank(), dist.get_world_size(), store)
    try:
        with watched(world, lambda: exit_with(f"steadygan: {lost_process_message('its connection is closed')}")):
            yield world
    finally:
        dist.destroy_process_group()


def _init_group(backend: str, device: torch.device, place: Place) -> Any:
    """Initialises the process group; returns its store, under a name of its own in the one that the processes share.

    A process may join several times, such as to choose a size of pictures and to train: under one name a process would
    find the others' addresses of the time before, and connect to nobody.

    Raises:
        RunError: if the processes do not find each other.
    """
    name = f"steadygan {place.restarts}-{next(_joins)}"
    store = dist.PrefixStore(name, _shared_store(place))  # type: ignore[attr-defined]
    try:
        dist.init_process_group(
            backend,
            store=store,
            rank=place.rank,
            world_size=place.size,
            timeout=TIMEOUT,
            device_id=device if device.type == "cuda" else None,
        )
    except RuntimeError as error:
        raise RunError(lost_process_message((str(error).splitlines() or [""])[0][:160])) from None
    return store


@functools.cache
def _shared_store(place: Place) -> Any:
    """The store of all processes; kept for the life of the process."""
    return met(place, TIMEOUT)


def local_device(name: str) -> str:
    """The device name for this process: among several processes on GPUs, the one of its local rank.

    Raises:
        UsageError: for more processes than GPUs, which NCCL does not support.
    """
    if not launched() or name not in ("auto", "cuda") or not torch.cuda.is_available():
        return name
    rank, count = variables.local_rank(), torch.cuda.device_count()
    if rank >= count:
        raise UsageError(
            f"this machine has {count} GPU{'s' * (count != 1)}, but more processes were started on it: take "
            f"--nproc-per-node {count}, or --device cpu"
        )
    return f"cuda:{rank}"
