"""The array of an idx file, gzipped or not, as untrusted input: sizes are checked before anything is read."""

from __future__ import annotations

import gzip
import math
import os
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
from numpy.typing import NDArray

from steadygan.data.reading import check_announced, need_memory, reading, shown
from steadygan.errors import DataError
from steadygan.system.regular import open_regular

_GZIP = b"\x1f\x8b"
_DIMENSIONS = (1, 2, 3, 4)


def read_array(path: Path, types: Mapping[int, str]) -> NDArray[Any]:
    """The array of an idx file, in the machine's byte order.

    Args:
        path: of the file, gzipped or not
        types: numpy's type of each idx type that is read: ``{8: '>u1'}``

    Raises:
        DataError: one line, if it is no idx file, holds more or less than it announces, or does not fit in memory.
    """
    with reading(path, "idx"), open_regular(path) as raw:
        size = os.fstat(raw.fileno()).st_size
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        file = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if packed else raw
        shape, dtype = _header(path, file, types)
        wanted = math.prod(shape) * dtype.itemsize
        if packed:
            check_announced(path, wanted, size)
        elif wanted != size - raw.tell():
            raise _damaged(path, wanted, size - raw.tell())
        need_memory(f"'{shown(path)}'", wanted, "it unpacks to" if packed else "it has")
        array = np.empty(shape, dtype)
        got = _fill(file, array)
        if got != wanted or file.read(1):
            raise _damaged(path, wanted, got if got != wanted else wanted + 1)
    return array.astype(dtype.newbyteorder("="), copy=False)


def _header(path: Path, file: IO[bytes], types: Mapping[int, str]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0":
        raise DataError(f"'{shown(path)}' is not an idx file: it begins with {magic.hex() or 'nothing'}")
    kind, dimensions = magic[2:]
    if kind not in types:
        known = ", ".join(f"0x{code:02x}" for code in types)
        raise DataError(f"'{shown(path)}' holds idx type 0x{kind:02x}; known are {known}")
    if dimensions not in _DIMENSIONS:
        raise DataError(f"'{shown(path)}' holds an array of {dimensions} dimensions; pictures are [M, H, W]")
    shape = struct.unpack(f">{dimensions}I", file.read(4 * dimensions))
    return shape, np.dtype(types[kind])


def _fill(file: IO[bytes], array: NDArray[Any]) -> int:
    """Fills an array from a file; bytes read."""
    view = array.reshape(-1).view(np.uint8).data
    done = 0
    while done < len(view):
        count = file.readinto(view[done:])  # type: ignore[attr-defined]
        if not count:
            break
        done += count
    return done


def _damaged(path: Path, wanted: int, got: int) -> DataError:
    found = "more" if got > wanted else f"{got:,}"
    return DataError(f"'{shown(path)}' is damaged: {wanted:,} bytes expected, {found} found")
