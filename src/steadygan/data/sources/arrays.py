"""Pictures in numpy files, .npz and .npy, in all common layouts."""

from __future__ import annotations

import hashlib
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.pictures import Pictures, PictureSource, pictures_of_array
from steadygan.data.labels import Labelling, Values, read_labels
from steadygan.data.options import DataOptions, LabelUse
from steadygan.data.range import Convert, Rows, ValueRange, converter
from steadygan.errors import DataError

_IMAGES = ("x_train", "train_images", "images_train", "train_x", "images", "image", "x", "data", "arr_0")
_TEST_IMAGES = ("x_test", "test_images", "images_test", "test_x", "x_val", "val_images")
_LABELS = ("y_train", "train_labels", "labels_train", "train_y", "labels", "label", "y", "targets", "arr_1")
_TEST_LABELS = ("y_test", "test_labels", "labels_test", "test_y", "y_val", "val_labels")
_PIECE = 2**24  # bytes of a read
_MOST_LOADED = 2**28  # bytes of pictures that are loaded at once
LAYOUTS = "[M, H, W], [M, H, W, C] or [M, C, H, W] with 1 to 4 channels"


@dataclass(frozen=True)
class ArrayFile:
    """One array of a numpy file, known by its header alone."""

    path: Path
    member: str
    """name in a .npz, '' for a .npy"""
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool

    @property
    def title(self) -> str:
        return f"'{self.path}' [{self.member}]" if self.member else f"'{self.path}'"

    def pieces(self) -> Iterator[NDArray[Any]]:
        """Iterates over the array in pieces of some rows, never all in memory."""
        if self.fortran:
            yield self.load()
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

    def load(self) -> NDArray[Any]:
        """The array in memory."""
        with _stream(self) as file:
            array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
            return array


@contextmanager
def _stream(array: ArrayFile) -> Iterator[IO[bytes]]:
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


def headers(path: Path) -> dict[str, ArrayFile]:
    """The headers of the arrays of a .npz or .npy file, by their names in lower case."""
    arrays: dict[str, ArrayFile] = {}
    with _explained(path):
        if path.suffix.lower() == ".npy":
            with path.open("rb") as file:
                shape, fortran, dtype = _read_header(file)
            return {"images": ArrayFile(path, "", shape, dtype, fortran)}
        with zipfile.ZipFile(path) as archive:
            for member in archive.namelist():
                if not member.endswith(".npy"):
                    continue
                with archive.open(member) as file:
                    shape, fortran, dtype = _read_header(file)
                name = member.removesuffix(".npy")
                arrays[name.lower()] = ArrayFile(path, name, shape, dtype, fortran)
    return arrays


def open_arrays(path: Path, name: str, options: DataOptions) -> PictureSource:
    """A picture source of a .npz or .npy file, with labels, and a test split if it has one."""
    arrays = headers(path)
    images = _choose_images(path, arrays)
    test_images = _first(arrays, _TEST_IMAGES)
    if test_images is images or (test_images is not None and len(test_images.shape) != len(images.shape)):
        test_images = None
    splits = [images] if test_images is None else [images, test_images]
    convert, found = converter([rows_of(array) for array in splits], options.range)
    labelling, notes = _labels(arrays, images, test_images, options.labels)
    train = _pictures(images, convert, found, labelling.labels)
    test = None if test_images is None else _pictures(test_images, convert, found, labelling.test_labels)
    return PictureSource(
        name,
        "arrays",
        train,
        test,
        class_names=labelling.names,
        notes=notes,
        range=found,
        label_note=labelling.note,
    )


def _first(arrays: dict[str, ArrayFile], names: tuple[str, ...]) -> ArrayFile | None:
    return next((arrays[name] for name in names if name in arrays), None)


def _choose_images(path: Path, arrays: dict[str, ArrayFile]) -> ArrayFile:
    pictures = {name: array for name, array in arrays.items() if len(array.shape) in (3, 4)}
    chosen = _first(pictures, _IMAGES)
    if chosen is None and len(pictures) == 1:
        chosen = next(iter(pictures.values()))
    if chosen is None:
        inside = ", ".join(f"{name} {list(array.shape)}" for name, array in arrays.items()) or "nothing"
        raise DataError(f"'{path}' has no array of pictures {LAYOUTS} by a name such as 'images'; it holds {inside}")
    return chosen


def _layout(array: ArrayFile) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """A function from rows in the stored layout to rows [M, C, H, W]."""
    shape = array.shape
    if 0 in shape[1:]:
        raise DataError(f"{array.title} has shape {list(shape)}: its pictures are empty")
    if len(shape) == 3:
        return lambda rows: rows[:, None]
    last, first = shape[3] <= 4, shape[1] <= 4
    if last and not first:
        return lambda rows: rows.transpose(0, 3, 1, 2)
    if first and not last:
        return lambda rows: rows
    raise DataError(f"{array.title} has shape {list(shape)}; pictures are {LAYOUTS}")


def rows_of(array: ArrayFile) -> Rows:
    """The array's numbers as rows [N, C, H, W]."""
    arrange = _layout(array)
    return Rows(array.title, array.dtype, math.prod(array.shape), lambda: map(arrange, array.pieces()))


def _pictures(
    array: ArrayFile,
    convert: Convert,
    found: ValueRange,
    labels: NDArray[np.int64] | None,
) -> Pictures:
    rows = rows_of(array)
    if rows.size <= _MOST_LOADED:
        return pictures_of_array(np.concatenate([convert(piece) for piece in rows.pieces()]), labels)
    status = array.path.stat()
    text = f"{array.path.resolve()}\0{array.member}\0{status.st_size}\0{status.st_mtime_ns}"
    key = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16)
    if array.dtype != np.uint8 or not found.as_stored:
        key.update(f"{found.low} {found.high}".encode())
    if labels is not None:
        key.update(labels.tobytes())
    return Pictures(
        count=array.shape[0],
        read=lambda: (row for piece in rows.pieces() for row in convert(piece)),
        name_of=lambda index: f"{array.member or 'picture'} {index}",
        labels=labels,
        key=key.hexdigest(),
    )


def _labels(
    arrays: dict[str, ArrayFile], images: ArrayFile, test_images: ArrayFile | None, use: LabelUse
) -> tuple[Labelling, tuple[str, ...]]:
    """Labels of both splits, and notes."""
    array = _first(arrays, _LABELS)
    if array is None or array is images:
        return Labelling(), _unknown_labels(arrays, images, test_images)
    train = _values(array, images)
    if test_images is None:
        return read_labels(train, None, use), ()
    test_array = _first(arrays, _TEST_LABELS)
    if test_array is None:
        return Labelling(), ("The test split has no labels: none are used.",)
    return read_labels(train, _values(test_array, test_images), use), ()


def _values(array: ArrayFile, images: ArrayFile) -> Values:
    stored = None if array.dtype.hasobject else array.load()
    return Values(f"'{array.member}'", stored, array.shape, images.shape[0])


def _unknown_labels(arrays: dict[str, ArrayFile], *known: ArrayFile | None) -> tuple[str, ...]:
    """A note on arrays that may be labels, by another name."""
    images = known[0]
    assert images is not None
    others = [
        f"'{array.member}' {list(array.shape)}"
        for array in arrays.values()
        if array not in known and array.shape[:1] == images.shape[:1] and len(array.shape) <= 2
    ]
    if not others:
        return ()
    return (f"Not used: {', '.join(others[:5])}; labels are looked for under labels, label, y, targets, y_train.",)
