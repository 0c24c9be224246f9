"""Rows of an array, read from the file if it is a memory map, so that failures raise an error.

Touching a map of a file that has become shorter, or whose disk is gone, ends the process (SIGBUS).
"""

from __future__ import annotations

import mmap
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.errors import RunError


def row_reader(samples: NDArray[Any]) -> Callable[[NDArray[np.int64]], NDArray[Any]]:
    """A function from indices [N] to rows [N, ...] of ``samples`` [M, ...]; it raises RunError, one line."""
    base: object = samples.base
    if isinstance(samples, np.memmap) and isinstance(base, mmap.mmap) and samples.flags.c_contiguous:
        return _FileRows(samples).read
    return lambda indices: samples[indices]


class _FileRows:
    """The file of a memory map; kept open, as it may be deleted meanwhile."""

    def __init__(self, samples: np.memmap[Any, Any]) -> None:
        self._path, self._begin = str(samples.filename), samples.offset
        self._shape, self._dtype, self._count = samples.shape[1:], samples.dtype, len(samples)
        with self._explained():
            self._file = open(self._path, "rb")  # noqa: SIM115
        weakref.finalize(self, self._file.close)

    def read(self, indices: NDArray[np.int64]) -> NDArray[Any]:
        if len(indices) and not 0 <= indices.min() <= indices.max() < self._count:
            raise IndexError(f"rows {indices.min()} to {indices.max()} of {self._count}")
        rows = np.empty((len(indices), *self._shape), self._dtype)
        raw = rows.reshape(len(indices), int(np.prod(self._shape))).view(np.uint8)
        with self._explained():
            for slot in np.argsort(indices).tolist():  # reads go forward
                if self._read_into(raw[slot], self._begin + int(indices[slot]) * raw.shape[1]) != raw.shape[1]:
                    raise OSError("it has become shorter")
        return rows

    def _read_into(self, row: NDArray[np.uint8], offset: int) -> int:
        """Reads a row from an offset; bytes read."""
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [row.data], offset)
        self._file.seek(offset)
        return self._file.readinto(row.data)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise RunError(f"cannot read samples from '{self._path}': {error.strerror or error}") from error
