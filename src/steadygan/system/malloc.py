"""The heap of a run: what a step frees stays with the process, for the next step.

glibc gives large blocks back to the kernel as soon as they are free, and the kernel zeroes new pages for the next
tensors, one by one. Every step on a CPU frees all its activations: convolutional networks lost up to a sixth of their
time by this (docs/speed.md).
"""

from __future__ import annotations

import contextlib
import ctypes
import platform
from collections.abc import Iterator
from functools import cache

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4  # malloc.h
_LARGEST = 32 * 2**20  # bytes: glibc's own thresholds grow up to this, and to twice this for trimming
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
    """Freed memory stays with the process inside this, and goes back to the system at the end of the outermost one.

    Does nothing without glibc (macOS, Windows, Alpine). Afterwards glibc's thresholds, which grow with what is freed,
    stand where they can have grown to.
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
