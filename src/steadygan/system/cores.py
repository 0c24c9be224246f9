"""How many CPU cores this process may use."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def cores() -> int:
    """Cores that the scheduler gives this process: by affinity, and by the quota of the container that it runs in.

    A container with a quota of 2 cores on a machine of 64 sees all 64; threads for each would wait for one another.
    """
    seen = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(seen, quota())))


def quota(cgroups: Path = _CGROUPS, own: Path = _OWN) -> float:
    """Cores by the tightest quota of this process's control groups (Linux), infinite where there is none.

    Args:
        cgroups: where control groups are mounted
        own: the file that names this process's
    """
    return min(_quotas(cgroups, own), default=math.inf)


def _quotas(cgroups: Path, own: Path) -> Iterator[float]:
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        root = cgroups if not controllers else cgroups / "cpu"
        if controllers and "cpu" not in controllers.split(","):
            continue
        # inside a container the path may be the host's, and only the root is there
        inner = root / path.lstrip("/")
        for folder in {root, *(parent for parent in (inner, *inner.parents) if parent.is_relative_to(root))}:
            with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
                yield _of(folder, new=not controllers)


def _of(folder: Path, *, new: bool) -> float:
    """A group's own quota; OSError where it has none, ValueError for 'max'."""
    if new:
        limit, period = (folder / "cpu.max").read_text().split()
    else:
        limit, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
    found = int(limit) / int(period)
    if found <= 0:  # -1: none
        raise ValueError
    return found
