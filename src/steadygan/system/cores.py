"""The number of CPU cores that this process may use, and of those that are free."""

from __future__ import annotations

import contextlib
import math
import os
import platform
from collections.abc import Iterator
from pathlib import Path

_CGROUPS = Path("/sys/fs/cgroup")
_OWN = Path("/proc/self/cgroup")


def cores() -> int:
    """Usable cores: by CPU affinity, and by the CPU quota of the container.

    A container with a quota of 2 cores on a machine of 64 sees all 64; 64 threads would wait for one another.
    """
    visible = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(visible, quota())))


def free_cores() -> int:
    """Usable cores that no other process kept busy in the last minute, at least 1; all of them where nothing says.

    Threads on a busy core hold up those on the others: two of them took six times as long as one on two busy cores.
    """
    busy = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return max(1, cores() - round(busy))


def processor_name(facts: Path = Path("/proc/cpuinfo")) -> str:
    """The model of the processor, such as 'AMD EPYC 7763 64-Core Processor'; its architecture where nothing says."""
    with contextlib.suppress(OSError):
        for line in facts.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name" and value.strip():
                return value.strip()
    return platform.processor() or platform.machine()


def quota(cgroups: Path = _CGROUPS, own: Path = _OWN) -> float:
    """Cores by the tightest CPU quota of this process's control groups (Linux); infinite without one.

    Args:
        cgroups: where control groups are mounted
        own: file with the control groups of this process
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
        # in a container the path may be the host's, and only the root exists
        inner = root / path.lstrip("/")
        for folder in {root, *(parent for parent in (inner, *inner.parents) if parent.is_relative_to(root))}:
            with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
                yield _quota_of(folder, version_2=not controllers)


def _quota_of(folder: Path, *, version_2: bool) -> float:
    """Cores by the quota of one group; OSError if it has none, ValueError for 'max'."""
    if version_2:
        limit, period = (folder / "cpu.max").read_text().split()
    else:
        limit, period = ((folder / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
    cores = int(limit) / int(period)
    if cores <= 0:  # -1: none
        raise ValueError
    return cores
