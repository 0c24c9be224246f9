"""Malloc tuning: memory that a step frees stays in the process, for the next step.

glibc returns large blocks to the kernel as soon as they are freed, and the kernel zeroes new pages for the next
tensors. Every step on a CPU frees all its activations: convolutional networks lost up to a sixth of their time to this
(docs/speed.md).
"""

from __future__ import annotations

import contextlib
import ctypes
import platform
from collections.abc import Iterator
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4  # malloc.h
_LARGEST = 32 * 2**20  # bytes: glibc's dynamic thresholds grow up to this, and to twice this for trimming
_NEVER = 2**31 - 1
_USUAL_MAPS = 65_536


@cache
def _glibc() -> ctypes.CDLL | None:
    if platform.libc_ver()[0] != "glibc":
        return None
    try:
        library = ctypes.CDLL("libc.so.6")
        _ = library.mallopt, library.malloc_trim
    except (OSError, AttributeError):
        return None
    return library


_inside = False


@contextlib.contextmanager
def kept_memory() -> Iterator[None]:
    """Context in which freed memory stays in the process; the outermost one returns it to the system at its end.

    Does nothing without glibc (macOS, Windows, Alpine). Afterwards glibc's dynamic thresholds have their largest
    values.
    """
    global _inside
    library = _glibc()
    if library is None or _inside:
        yield
        return
    library.mallopt(_MMAP_MAX, 0)
    library.mallopt(_TRIM_THRESHOLD, _NEVER)
    _inside = True
    try:
        yield
    finally:
        _inside = False
        library.mallopt(_MMAP_MAX, _USUAL_MAPS)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST)
        library.mallopt(_TRIM_THRESHOLD, 2 * _LARGEST)
        library.malloc_trim(0)
