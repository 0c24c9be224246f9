"""Pictures in numpy files, .npz and .npy, in all common layouts."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.decode import MOST_PIXELS, too_large
from steadygan.data.images.pictures import Pictures, PictureSource, number_labels, pictures_of_array, printable
from steadygan.data.options import DataOptions
from steadygan.data.range import Convert, Rows, ValueRange, converter
from steadygan.data.reading import need_memory, shown
from steadygan.data.sources.numpy_files import Header, members, opened_array, read_header
from steadygan.errors import DataError

_IMAGES = ("x_train", "train_images", "images_train", "train_x", "images", "image", "x", "data", "arr_0")
_TEST_IMAGES = ("x_test", "test_images", "images_test", "test_x", "x_val", "val_images")
_LABELS = ("y_train", "train_labels", "labels_train", "train_y", "labels", "label", "y", "targets", "arr_1")
_TEST_LABELS = ("y_test", "test_labels", "labels_test", "test_y", "y_val", "val_labels")
_PIECE = 2**24  # bytes of a read
_MOST_LOADED = 2**28  # bytes of pictures that are loaded at once
_LISTED = 12
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
        return f"'{shown(self.path)}' [{printable(self.member)}]" if self.member else f"'{shown(self.path)}'"

    def pieces(self) -> Iterator[NDArray[Any]]:
        """Iterates over the array in pieces of some rows, never all in memory."""
        row = math.prod(self.shape[1:]) * self.dtype.itemsize
        rows = max(1, _PIECE // max(1, row))
        if self.fortran:  # rows lie apart
            array = self.load()
            yield from (array[start : start + rows] for start in range(0, self.shape[0], rows))
            return
        with opened_array(self.path, self.member) as file:
            self._need_same(read_header(file))
            for start in range(0, self.shape[0], rows):
                count = min(rows, self.shape[0] - start)
                content = file.read(count * row)
                if len(content) != count * row:
                    raise DataError(f"{self.title} is cut short")
                yield np.frombuffer(bytearray(content), self.dtype).reshape(count, *self.shape[1:])

    def load(self) -> NDArray[Any]:
        """The array in memory. Raises DataError if it is larger than what is held of a file."""
        need_memory(
            self.title, math.prod(self.shape) * self.dtype.itemsize, "it unpacks to" if self.member else "it has"
        )
        with opened_array(self.path, self.member) as file:
            array: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        self._need_same(Header(array.shape, self.fortran, array.dtype))
        return array

    def _need_same(self, header: Header) -> None:
        if header != Header(self.shape, self.fortran, self.dtype):
            raise DataError(f"{self.title} has changed while it was read")


def headers(path: Path) -> dict[str, ArrayFile]:
    """The headers of the arrays of a .npz or .npy file, by their names in lower case."""
    if path.suffix.lower() == ".npy":
        with opened_array(path, "") as file:
            return {"images": ArrayFile(path, "", *_parts(read_header(file)))}
    return {name.lower(): ArrayFile(path, name, *_parts(header)) for name, header in members(path)}


def _parts(header: Header) -> tuple[tuple[int, ...], np.dtype[Any], bool]:
    return header.shape, header.dtype, header.fortran


def open_arrays(path: Path, name: str, options: DataOptions) -> PictureSource:
    """A picture source of a .npz or .npy file, with labels, and a test split if it has one."""
    arrays = headers(path)
    images = _choose_images(path, arrays)
    test_images = _first(arrays, _TEST_IMAGES)
    if test_images is images or (test_images is not None and len(test_images.shape) != len(images.shape)):
        test_images = None
    splits = [images] if test_images is None else [images, test_images]
    convert, found = converter([rows_of(array) for array in splits], options.range)
    labels, class_names, test_labels, notes = _labels(arrays, images, test_images)
    train = _pictures(images, convert, found, labels)
    test = None if test_images is None else _pictures(test_images, convert, found, test_labels)
    return PictureSource(name, "arrays", train, test, class_names=class_names, notes=notes, range=found)


def _first(arrays: dict[str, ArrayFile], names: tuple[str, ...]) -> ArrayFile | None:
    return next((arrays[name] for name in names if name in arrays), None)


def _choose_images(path: Path, arrays: dict[str, ArrayFile]) -> ArrayFile:
    pictures = {name: array for name, array in arrays.items() if len(array.shape) in (3, 4)}
    chosen = _first(pictures, _IMAGES)
    if chosen is None and len(pictures) == 1:
        chosen = next(iter(pictures.values()))
    if chosen is None:
        listed = [f"{printable(name)} {list(array.shape)}" for name, array in arrays.items()]
        inside = ", ".join(listed[:_LISTED]) + ", …" * (len(listed) > _LISTED) or "nothing"
        raise DataError(f"'{path}' has no array of pictures {LAYOUTS} by a name such as 'images'; it holds {inside}")
    return chosen


def _layout(array: ArrayFile) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """A function from rows in the stored layout to rows [M, C, H, W]."""
    shape = array.shape
    if 0 in shape[1:]:
        raise DataError(f"{array.title} has shape {list(shape)}: its pictures are empty")
    pixels = math.prod(shape[1:]) // min(4, *shape[1:])  # a lone channel's at least
    if pixels > MOST_PIXELS:
        raise DataError(f"{array.title} has shape {list(shape)}: its pictures are {too_large(pixels)}")
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
    arrays: dict[str, ArrayFile], images: ArrayFile, test_images: ArrayFile | None
) -> tuple[NDArray[np.int64] | None, tuple[str, ...], NDArray[np.int64] | None, tuple[str, ...]]:
    """Train labels, class names, test labels, notes."""
    values = _label_values(_first(arrays, _LABELS), images)
    if values is None:
        return None, (), None, ()
    if test_images is None:
        labels, names, _ = number_labels(values)
        return labels, names, None, ()
    test_values = _label_values(_first(arrays, _TEST_LABELS), test_images)
    if test_values is None:
        return None, (), None, ("The test split has no labels: none are used.",)
    return *number_labels(values, test_values), ()


def _label_values(array: ArrayFile | None, images: ArrayFile) -> NDArray[Any] | None:
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
