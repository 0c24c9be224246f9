"""Numpy's files, .npy and .npz, as untrusted input: headers and members are checked before anything is read."""

from __future__ import annotations

import math
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from steadygan.data.reading import check_announced, reading, shown
from steadygan.errors import DataError
from steadygan.system.escapes import escaped
from steadygan.system.regular import open_regular

_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_MOST_DIMENSIONS = 32


class Header(NamedTuple):
    """The header of an array."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype[Any]

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize


@contextmanager
def opened_array(path: Path, member: str) -> Iterator[IO[bytes]]:
    """The bytes of a .npy file ('' as ``member``) or of a member of a .npz, from its header on.

    Raises:
        DataError: one line, for what is no such file or damaged; also if it holds less than its header announces.
    """
    kind = "numpy's .npz" if member else "numpy's .npy"
    with reading(path, kind), open_regular(path) as raw:
        if not member:
            _checked_header(path, "", raw, os.fstat(raw.fileno()).st_size)
            raw.seek(0)
            yield raw
            return
        with zipfile.ZipFile(raw) as archive:
            info = archive.getinfo(f"{member}.npy")
            with archive.open(info) as file:
                _checked_header(path, member, file, info.file_size)
            with archive.open(info) as file:
                yield file


def members(path: Path) -> Iterator[tuple[str, Header]]:
    """(name, header) of each array in a .npz. Raises DataError, one line."""
    with reading(path, "numpy's .npz"), open_regular(path) as raw, zipfile.ZipFile(raw) as archive:
        for info in archive.infolist():
            if info.filename.endswith(".npy"):
                _check_member(path, info)
                name = info.filename.removesuffix(".npy")
                with archive.open(info) as file:
                    yield name, _checked_header(path, name, file, info.file_size)


def read_header(file: IO[bytes]) -> Header:
    """The header that an array begins with. Raises ValueError for one that describes no array, or what numpy raises."""
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    else:
        shape, fortran, dtype = np.lib.format.read_array_header_2_0(file)
    if len(shape) > _MOST_DIMENSIONS or any(length < 0 for length in shape):
        raise ValueError(f"its header has the shape {str(shape)[:60]}")
    return Header(tuple(int(length) for length in shape), fortran, dtype)


def _check_member(path: Path, info: zipfile.ZipInfo) -> None:
    """Raises DataError for a member that numpy cannot have written."""
    title = f"'{shown(path)}' [{escaped(info.filename)[:80]}]"
    if info.flag_bits & _ENCRYPTED:
        raise DataError(f"{title} is encrypted; save the arrays without a password")
    if info.compress_type not in _METHODS:
        raise DataError(f"{title} is compressed by method {info.compress_type}; numpy stores or deflates (0 or 8)")
    packed = info.compress_size
    check_announced(f"{path} [{info.filename}]", info.file_size, packed)


def _checked_header(path: Path, member: str, file: IO[bytes], size: int) -> Header:
    """The header of an array in a file of ``size`` bytes. Raises DataError if it announces more than the file holds."""
    header = read_header(file)
    left = size - file.tell()
    if header.nbytes > left and not header.dtype.hasobject:  # objects are pickled, in any number of bytes
        title = f"'{shown(path)}' [{escaped(member)[:80]}]" if member else f"'{shown(path)}'"
        raise DataError(f"{title} is cut short: its header announces {header.nbytes:,} bytes, and {left:,} are there")
    return header
