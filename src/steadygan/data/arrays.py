"""Pictures in numpy files: .npz and .npy, in the layouts that people use."""

from __future__ import annotations

import contextlib
import hashlib
import math
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.pictures import Pictures, PictureSource, numbered_labels
from steadygan.types import DataError

_IMAGES = ("x_train", "train_images", "images_train", "train_x", "images", "image", "x", "data", "arr_0")
_TEST_IMAGES = ("x_test", "test_images", "images_test", "test_x", "x_val", "val_images")
_LABELS = ("y_train", "train_labels", "labels_train", "train_y", "labels", "label", "y", "targets", "arr_1")
_TEST_LABELS = ("y_test", "test_labels", "labels_test", "test_y", "y_val", "val_labels")
_PIECE = 2**24  # bytes read at once
LAYOUTS = "[M, H, W], [M, H, W, C] or [M, C, H, W] with 1 to 4 channels"


@dataclass(frozen=True)
class Stored:
    """One array of a numpy file, known by its header alone."""

    path: Path
    member: str
    """name inside of a .npz, '' for a .npy"""
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool

    @property
    def title(self) -> str:
        return f"'{self.path}' [{self.member}]" if self.member else f"'{self.path}'"

    def pieces(self) -> Iterator[NDArray[Any]]:
        """The array in pieces of some rows, without ever being in memory as a whole."""
        if self.fortran:
            yield self.whole()
            return
        row = math.prod(self.shape[1:]) * self.dtype.itemsize
        rows = max(1, _PIECE // max(1, row))
        with _stream(self) as file:
            _read_header(file)
            for start in range(0, self.shape[0], rows):
                count = min(rows, self.shape[0] - start)
                content = file.read(count * row)
                if len(content) != count * row:
                    raise DataError(f"{self.title} is cut short")
                yield np.frombuffer(bytearray(content), self.dtype).reshape(count, *self.shape[1:])

    def whole(self) -> NDArray[Any]:
        with _stream(self) as file:
            array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
            return array


@contextmanager
def _stream(array: Stored) -> Iterator[IO[bytes]]:
    with _explained(array.path):
        if array.member:
            with zipfile.ZipFile(array.path) as archive, archive.open(f"{array.member}.npy") as file:
                yield file
        else:
            with array.path.open("rb") as file:
                yield file


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
        if isinstance(error, DataError):
            raise
        text = " ".join(str(error).split())
        raise DataError(f"cannot read '{path}': {text[:160] or type(error).__name__}") from error


def _read_header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(file)
    return np.lib.format.read_array_header_2_0(file)


def headers(path: Path) -> dict[str, Stored]:
    """The arrays of a .npz or .npy file by their names in lower case."""
    found: dict[str, Stored] = {}
    with _explained(path):
        if path.suffix.lower() == ".npy":
            with path.open("rb") as file:
                shape, fortran, dtype = _read_header(file)
            return {"images": Stored(path, "", shape, dtype, fortran)}
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if not member.endswith(".npy"):
                    continue
                with archive.open(member) as file:
                    shape, fortran, dtype = _read_header(file)
                name = member.removesuffix(".npy")
                found[name.lower()] = Stored(path, name, shape, dtype, fortran)
    return found
