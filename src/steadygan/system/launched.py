"""The variables by which torchrun, or a scheduler, tells a process of its place among others."""

from __future__ import annotations

import os
from typing import NamedTuple

from steadygan.errors import UsageError

_NEEDED = ("RANK", "MASTER_ADDR", "MASTER_PORT")


class Place(NamedTuple):
    """A process among those that train together."""

    rank: int
    size: int
    address: str
    """of the machine that serves the store of all"""
    port: int
    served: bool
    """True if torchrun serves the store, False if process 0 does"""
    restarts: int
    """how often torchrun has started the processes anew"""


def size() -> int:
    """The number of processes; 1 without variables, and for an empty one.

    Raises:
        UsageError: for what is no number of processes.
    """
    return _whole("WORLD_SIZE", 1, default=1)


def place() -> Place:
    """This process's place, by the variables.

    Raises:
        UsageError: for those that are missing, or cannot be.
    """
    count = size()
    missing = [name for name in _NEEDED if not os.environ.get(name)]
    if missing:
        raise UsageError(
            f"WORLD_SIZE is {count}, but {', '.join(missing)} is not set: start the processes with torchrun, or unset "
            "WORLD_SIZE"
        )
    return Place(
        rank=_whole("RANK", 0, count - 1),
        size=count,
        address=os.environ["MASTER_ADDR"],
        port=_whole("MASTER_PORT", 1, 2**16 - 1),
        served=os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True",
        restarts=_whole("TORCHELASTIC_RESTART_COUNT", 0, default=0),
    )


def is_first() -> bool:
    """True for process 0 of several and for one that is alone, whatever a scheduler has set; torch-free, no errors."""
    rank, count = os.environ.get("RANK", ""), os.environ.get("WORLD_SIZE", "")
    return not (rank.isdecimal() and count.isdecimal() and 0 < int(rank) < int(count))


def local_rank() -> int:
    """The number of this process on its machine."""
    return _whole("LOCAL_RANK", 0, default=0)


def _whole(name: str, low: int, high: int | None = None, default: int | None = None) -> int:
    text = os.environ.get(name, "")
    if not text and default is not None:
        return default
    if text.isdecimal() and low <= int(text) and (high is None or int(text) <= high):
        return int(text)
    allowed = f"{low} or more" if high is None else f"{low} to {high:,}"
    of_size = f" (WORLD_SIZE is {high + 1})" if name == "RANK" and high is not None else ""
    raise UsageError(
        f"{name} is '{text}'; allowed: {allowed}{of_size}: start the processes with torchrun, or unset WORLD_SIZE"
    )
