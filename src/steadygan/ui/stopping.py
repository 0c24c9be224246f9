"""Asking the process that trains a run to finish its round, save it and end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from steadygan.errors import UsageError
from steadygan.run import layout
from steadygan.run.environment import Environment
from steadygan.run.owner import Owner, is_owned, read_owner

_PROCESSES = Path("/proc")


def why_not(folder: Path) -> str | None:
    """Why a run cannot be stopped from here, in one line; None if it can."""
    if not is_owned(folder):
        return "no process trains this run"
    owner = read_owner(folder)
    if owner is None:
        return "the process that trains this run has not written its name yet: try again"
    if not owner.here:
        return f"it is trained by {owner}: it can only be stopped there"
    if os.name != "posix":
        return "on this system Ctrl-C in its window stops it"
    return None if _listens(owner, folder) else f"{owner} does not wait for a signal to stop: stop it where it began"


def stop(folder: Path) -> Owner:
    """Sends SIGTERM to the owner of a run, which then finishes its round and saves it.

    The process is known by the lock that it holds: a number in a file that another process has got since is not enough.

    Raises:
        UsageError: one line, if nobody trains it, or its process cannot be asked from here.
    """
    reason = why_not(folder)
    owner = read_owner(folder)
    if reason is not None or owner is None:
        raise UsageError(f"{folder.name} cannot be stopped: {reason or 'it has ended meanwhile'}")
    try:
        os.kill(owner.pid, signal.SIGTERM)
    except ProcessLookupError:
        raise UsageError(f"{folder.name} has ended meanwhile") from None
    except (PermissionError, OverflowError):
        raise UsageError(f"{folder.name} cannot be stopped: {owner} is of another user") from None
    return owner


def _listens(owner: Owner, folder: Path) -> bool:
    """True if the process holds the run, and catches SIGTERM rather than die of it with its round unsaved."""
    if owner.pid <= 1 or owner.pid == os.getpid():
        return False
    process = _PROCESSES / str(owner.pid)
    if not _PROCESSES.joinpath("self", "fd").is_dir():  # no Linux
        try:
            return Environment.read(folder).command is not None
        except (UsageError, RuntimeError, OSError):
            return False
    try:
        return _holds(process, folder / layout.OWNER) and _catches(process, signal.SIGTERM)
    except PermissionError:
        return True  # of another user: the signal will say so
    except OSError:
        return False


def _holds(process: Path, path: Path) -> bool:
    """True if a process has the file open, as its owner does."""
    wanted = os.stat(path)
    for handle in os.scandir(process / "fd"):
        try:
            if os.path.samestat(os.stat(handle.path), wanted):
                return True
        except OSError:
            continue
    return False


def _catches(process: Path, number: int) -> bool:
    """True if a process has a handler of its own for a signal."""
    for line in (process / "status").read_text().splitlines():
        if line.startswith("SigCgt:"):
            return bool(int(line.split()[1], 16) >> (number - 1) & 1)
    return False
