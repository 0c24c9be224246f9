"""Memory that this process may use, and the bound of what is held of one untrusted file."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path

from steadygan.errors import UsageError

VARIABLE = "STEADYGAN_MEMORY"
"""environment variable with another bound, in bytes"""
SHARE = 0.5
"""of the memory: the bound where the variable is not set"""
_UNKNOWN = 8 * 2**30
_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def most_held() -> int:
    """Bytes that are held of one data file at most: ``STEADYGAN_MEMORY``, else half of the memory.

    Raises:
        UsageError: if the variable is no number of bytes.
    """
    asked = os.environ.get(VARIABLE, "").strip()
    if not asked:
        return int(SHARE * memory_bytes())
    try:
        number = float(asked)
    except ValueError:
        number = 0.0
    if not 1 <= number < sys.maxsize:
        raise UsageError(f"{VARIABLE} is {asked[:40]!r}; allowed: a number of bytes, such as 8e9")
    return int(number)


def memory_bytes() -> int:
    """Bytes of memory of this machine, or of the container or the process if they are limited to less."""
    found = [*_physical(), *_container(), *_process()]
    return min(found, default=_UNKNOWN)


def _physical() -> list[int]:
    try:
        return [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    except (AttributeError, ValueError, OSError):  # not everywhere
        return []


def _container() -> list[int]:
    found = []
    for path in _CGROUPS:
        with suppress(OSError, ValueError):  # 'max' is no limit
            found.append(int(Path(path).read_text(encoding="ascii")))
    return found


def _process() -> list[int]:
    try:
        import resource
    except ImportError:  # Windows
        return []
    limits = [resource.getrlimit(kind)[0] for kind in (resource.RLIMIT_AS, resource.RLIMIT_DATA)]
    return [limit for limit in limits if limit != resource.RLIM_INFINITY]
