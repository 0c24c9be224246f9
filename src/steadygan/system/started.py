"""When the command that is being carried out began: with its process, before anything was imported."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

_MOST = 60.0
"""seconds after which a process was not started for the command, but sets it off later"""
_STATUS = Path("/proc/self/stat")
_START_TIME = 22  # of its fields, counted from 1; the second one, a name in parentheses, may hold spaces
_command: ContextVar[float | None] = ContextVar("command", default=None)


@contextlib.contextmanager
def with_process() -> Iterator[None]:
    """Context in which ``began`` is when this process started: for a command that is all that a process does."""
    token = _command.set(time.perf_counter() - since_start())
    try:
        yield
    finally:
        _command.reset(token)


def began() -> float:
    """When the command began, by ``time.perf_counter()``; outside of ``with_process`` now."""
    command = _command.get()
    return time.perf_counter() if command is None else command


def since_start(status: Path = _STATUS) -> float:
    """Seconds since this process started.

    On Linux by the system; elsewhere its CPU time so far, which is less by what it waited. A start of more than a
    minute ago counts as none.

    Args:
        status: file with the numbers of this process
    """
    age = _age(status)
    if age is None:
        age = time.process_time()
    return age if 0 <= age <= _MOST else 0.0


def _age(status: Path) -> float | None:
    try:
        fields = status.read_text().rpartition(")")[2].split()  # from the third on
        ticks = int(fields[_START_TIME - 3])
        return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError, AttributeError):  # another system
        return None
