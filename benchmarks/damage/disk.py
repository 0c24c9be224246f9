"""Disks that are full at a random moment of a run: one line, and once there is room it goes on to equality.

A tmpfs of a random size is mounted in a namespace of the trial's own (Linux, as root or with user namespaces). Where
that is not allowed, a limit on the size of files (RLIMIT_FSIZE) stands in: it stops the writes of large files alone.
"""

from __future__ import annotations

import ctypes
import os
import random
import resource
from collections.abc import Callable
from pathlib import Path

from benchmarks.damage.command import run_command
from benchmarks.damage.subject import Subject, next_command

TRIALS = 50
_NEW_NAMESPACE, _NEW_USER, _PRIVATE, _REMOUNT = 0x20000, 0x10000000, 0x44000, 32
_ROOM = 2**30


def trial(subject: Subject, rng: random.Random, folder: Path) -> str | None:
    """Trains on a disk that becomes full, makes room and goes on; what went wrong, None if nothing did."""
    size = int(rng.uniform(0.01, 1.05) * _bytes_in(subject.whole))
    place = folder / "disk"
    place.mkdir()
    before: Callable[[], None] | None = None
    if mounted := mount(place, size):
        told = f"a disk of {size:,} bytes"
    else:
        largest = max(path.stat().st_size for path in subject.whole.rglob("*") if path.is_file())
        limit = int(rng.uniform(0.01, 1.0) * largest)
        told = f"files of at most {limit:,} bytes"

        def before() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    outcome = run_command(next_command(folder, "disk/run"), folder, before=before)
    if fault := outcome.fault(codes=(0, 1)):
        return f"{told}: {fault}"
    if mounted:
        _mount(place, _ROOM, _REMOUNT)
    outcome = run_command(next_command(folder, "disk/run"), folder)
    if fault := outcome.fault(codes=(0,)):
        return f"{told}: once there was room: {fault}"
    difference = subject.difference(place / "run")
    return f"{told}: {difference}" if difference else None


def mount(place: Path, size: int) -> bool:
    """Mounts a tmpfs of so many bytes for this process and its children; False if that is not allowed."""
    try:
        unshare = _libc().unshare
    except (AttributeError, OSError):  # not Linux
        return False
    user, group = os.getuid(), os.getgid()
    flags = _NEW_NAMESPACE | (0 if user == 0 else _NEW_USER)
    if unshare(flags) != 0:
        return False
    if user:
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"0 {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"0 {group} 1", encoding="ascii")
    _libc().mount(None, b"/", None, ctypes.c_ulong(_PRIVATE), None)
    return _mount(place, size, 0)


def _mount(place: Path, size: int, flags: int) -> bool:
    options = f"size={max(4096, size)}".encode()
    return bool(_libc().mount(b"tmpfs", os.fsencode(place), b"tmpfs", ctypes.c_ulong(flags), options) == 0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
