"""Arrays in numpy files, .npz and .npy, and in memory: pictures in all common layouts, and other numbers."""

from __future__ import annotations

import hashlib
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.pictures import Pictures, PictureSource, number_labels, pictures_of_array
from steadygan.data.numbers.kinds import Reading, arranged_shape, reading_of
from steadygan.data.numbers.source import Numbers, NumberSource
from steadygan.data.options import DataOptions
from steadygan.data.stored_array import MemoryArray, StoredArray
from steadygan.errors import DataError

_IMAGES = ("x_train", "train_images", "images_train", "train_x", "images", "image", "x", "data", "arr_0")
_TEST_IMAGES = ("x_test", "test_images", "images_test", "test_x", "x_val", "val_images")
_LABELS = ("y_train", "train_labels", "labels_train", "train_y", "labels", "label", "y", "targets", "arr_1")
_TEST_LABELS = ("y_test", "test_labels", "labels_test", "test_y", "y_val", "val_labels")
_SAMPLES = ("signals", "volumes", "samples", "table", "x_data", "features")
_PIECE = 2**24  # bytes of a read
_MOST_LOADED = 2**28  # bytes of pictures that are loaded at once
_ROUNDING = 1e-3
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


def open_arrays(path: Path, name: str, options: DataOptions) -> PictureSource | NumberSource:
    """The source of a .npz or .npy file, with labels, and a test split if it has one."""
    return source_of_arrays(headers(path), f"'{path}'", name, options)


def source_of_arrays(
    arrays: Mapping[str, StoredArray], where: str, name: str, options: DataOptions, form: str = "arrays"
) -> PictureSource | NumberSource:
    """The source of named arrays.

    Args:
        arrays: samples, labels and their test splits, by names in lower case such as 'images' and 'labels'
        where: they are, for messages
        name: of the data
        options: of which ``form`` says what the samples are
        form: the audit's word for where they are
    """
    images = _choose_images(where, arrays)
    test_images = _first(arrays, _TEST_IMAGES)
    if test_images is images or (test_images is not None and len(test_images.shape) != len(images.shape)):
        test_images = None
    reading = reading_of(images, options.form)
    splits = [images] if test_images is None else [images, test_images]
    labels, class_names, test_labels, notes = _labels(arrays, images, test_images)
    if reading is not None:
        numbers = [_numbers(array, reading, each) for array, each in zip(splits, (labels, test_labels), strict=False)]
        _check_same_samples(numbers)
        said = (f"Read as {reading.why}.", *notes)
        test_numbers = numbers[1] if len(numbers) > 1 else None
        return NumberSource(name, form, reading.kind, numbers[0], test_numbers, class_names, notes=said)
    convert = _converter(splits)
    layouts = [_layout(array) for array in splits]
    train = _pictures(images, convert, layouts[0], labels)
    test = None if test_images is None else _pictures(test_images, convert, layouts[1], test_labels)
    return PictureSource(name, form, train, test, class_names=class_names, notes=notes)


def _numbers(array: StoredArray, reading: Reading, labels: NDArray[np.int64] | None) -> Numbers:
    shape = arranged_shape(array, reading)
    word = "row" if reading.kind == "points" else "sample"
    return Numbers(
        array.title, shape, array.dtype, lambda: map(reading.arrange, array.pieces()), labels, f"{word} {{}}".format
    )


def _check_same_samples(splits: list[Numbers]) -> None:
    shapes = [split.shape[1:] for split in splits]
    if len(set(shapes)) > 1:
        raise DataError(
            f"{splits[1].title} has samples of shape {list(shapes[1])}, {splits[0].title} of {list(shapes[0])}: "
            "both splits need one shape"
        )


def _first(arrays: Mapping[str, StoredArray], names: tuple[str, ...]) -> StoredArray | None:
    return next((arrays[name] for name in names if name in arrays), None)


def _choose_images(where: str, arrays: Mapping[str, StoredArray]) -> StoredArray:
    """The array of samples: pictures by their name or alone, else signals, volumes or a table."""
    for dimensions in ((3, 4), (2, 5)):
        fitting = {name: array for name, array in arrays.items() if len(array.shape) in dimensions}
        if dimensions == (2, 5):
            fitting = {name: array for name, array in fitting.items() if name not in (*_LABELS, *_TEST_LABELS)}
        chosen = _first(fitting, (*_IMAGES, *_SAMPLES))
        if chosen is None and len(fitting) == 1:
            chosen = next(iter(fitting.values()))
        if chosen is not None:
            return chosen
    if len(arrays) == 1:
        return next(iter(arrays.values()))  # of 1 or many dimensions: its shape is refused with what is allowed
    inside = ", ".join(f"{name} {list(array.shape)}" for name, array in arrays.items()) or "nothing"
    raise DataError(
        f"{where} has no array of samples by a name such as 'images', 'signals' or 'x': pictures are {LAYOUTS}; "
        f"it holds {inside}"
    )


def _layout(array: StoredArray) -> Callable[[NDArray[Any]], NDArray[Any]]:
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


def _converter(arrays: list[StoredArray]) -> Callable[[NDArray[Any]], NDArray[np.uint8]]:
    """A function from stored numbers to uint8, the same for all splits, by the range of all numbers."""
    dtype = arrays[0].dtype
    for array in arrays:
        if array.dtype.hasobject or array.dtype.kind not in "buif":
            raise DataError(f"{array.title} holds {array.dtype}; pictures are numbers")
        if 0 in array.shape:
            raise DataError(f"{array.title} is empty")
    if all(array.dtype == np.uint8 for array in arrays):
        return lambda rows: rows
    ranges = [
        (float(piece.min()), float(piece.max())) for array in arrays for piece in array.pieces()
    ]  # min and max propagate NaN
    low, high = min(low for low, _ in ranges), max(high for _, high in ranges)
    if not math.isfinite(sum(low + high for low, high in ranges)):
        raise DataError(f"{arrays[0].title} has numbers that are not finite")
    offset, scale = _scaling(low, high, dtype, arrays[0].title)

    def convert(rows: NDArray[Any]) -> NDArray[np.uint8]:
        scaled = (rows.astype(np.float64) + offset) * scale
        return np.rint(scaled).clip(0, 255).astype(np.uint8)

    return convert


def _scaling(low: float, high: float, dtype: np.dtype[Any], title: str) -> tuple[float, float]:
    """(offset, scale) that map numbers to 0 to 255."""
    slack = _ROUNDING if dtype.kind == "f" else 0.0
    if low >= -slack and high <= 1 + slack:
        return 0.0, 255.0
    if low >= -1 - slack and high <= 1 + slack:
        return 1.0, 127.5
    if low >= -slack and high <= 255 + slack:
        return 0.0, 1.0
    if dtype.kind in "ui" and low >= 0 and high <= 65535:
        return 0.0, 255 / 65535
    raise DataError(f"{title} has numbers from {low:g} to {high:g}; known are 0 to 1, -1 to 1, and 0 to 255")


def _pictures(
    array: StoredArray,
    convert: Callable[[NDArray[Any]], NDArray[np.uint8]],
    arrange: Callable[[NDArray[Any]], NDArray[Any]],
    labels: NDArray[np.int64] | None,
) -> Pictures:
    if isinstance(array, MemoryArray):
        return pictures_of_array(convert(arrange(array.load())), labels)
    if math.prod(array.shape) <= _MOST_LOADED or not isinstance(array, ArrayFile):
        pieces = [convert(arrange(piece)) for piece in array.pieces()]
        return pictures_of_array(np.concatenate(pieces), labels)
    status = array.path.stat()
    text = f"{array.path.resolve()}\0{array.member}\0{status.st_size}\0{status.st_mtime_ns}"
    key = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16)
    if labels is not None:
        key.update(labels.tobytes())
    return Pictures(
        count=array.shape[0],
        read=lambda: (row for piece in array.pieces() for row in convert(arrange(piece))),
        name_of=lambda index: f"{array.member or 'picture'} {index}",
        labels=labels,
        key=key.hexdigest(),
    )


def _labels(
    arrays: Mapping[str, StoredArray], images: StoredArray, test_images: StoredArray | None
) -> tuple[NDArray[np.int64] | None, tuple[str, ...], NDArray[np.int64] | None, tuple[str, ...]]:
    """Train labels, class names, test labels, notes."""
    values = label_values(_first(arrays, _LABELS), images)
    if values is None:
        return None, (), None, ()
    if test_images is None:
        labels, names, _ = number_labels(values)
        return labels, names, None, ()
    test_values = label_values(_first(arrays, _TEST_LABELS), test_images)
    if test_values is None:
        return None, (), None, ("The test split has no labels: none are used.",)
    return *number_labels(values, test_values), ()


def label_values(array: StoredArray | None, images: StoredArray) -> NDArray[Any] | None:
    """One value for each picture, or None if the array cannot be labels."""
    if array is None or array is images or array.shape[:1] != images.shape[:1] or len(array.shape) > 2:
        return None
    if array.dtype.kind not in "buifUS":
        return None
    values = array.load()
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim == 2:
        one_hot = ((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all()
        return values.argmax(axis=1) if one_hot else None
    if values.dtype.kind == "f":
        return values.astype(np.int64) if np.array_equal(values, np.rint(values)) else None
    return values
