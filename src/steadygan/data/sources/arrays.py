"""Arrays in numpy files, .npz and .npy, and in memory: pictures in all common layouts, and other numbers."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.decode import MOST_PIXELS, too_large
from steadygan.data.images.pictures import Pictures, PictureSource, pictures_of_array, printable
from steadygan.data.labels import Labelling, Values, read_labels
from steadygan.data.numbers.kinds import Reading, arranged_shape, reading_of
from steadygan.data.numbers.source import Numbers, NumberSource
from steadygan.data.options import DataOptions, LabelUse
from steadygan.data.range import Convert, Rows, ValueRange, converter
from steadygan.data.reading import need_memory, shown
from steadygan.data.sources.array_names import (
    IMAGES,
    LABELS,
    SAMPLES,
    TEST_LABELS,
    first,
    split_for_tests,
    unused_samples,
)
from steadygan.data.sources.numpy_files import Header, members, opened_array, read_header
from steadygan.data.stored_array import MemoryArray, StoredArray
from steadygan.data.value_range import AS_BYTES
from steadygan.errors import DataError
from steadygan.types import has_alpha

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


def open_arrays(path: Path, name: str, options: DataOptions) -> PictureSource | NumberSource:
    """The source of a .npz or .npy file, with labels, and a test split if it has one."""
    return source_of_arrays(headers(path), f"'{shown(path)}'", name, options)


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
    test_images, test_labels = split_for_tests(arrays, images)
    reading = reading_of(images, options.form)
    splits = [images] if test_images is None else [images, test_images]
    labelling, notes = _labels(arrays, (images, test_images), test_labels, options.labels)
    notes += unused_samples(arrays, (images, test_images, first(arrays, LABELS), test_labels))
    if reading is not None:
        labels = (labelling.labels, labelling.test_labels)
        numbers = [_numbers(array, reading, each) for array, each in zip(splits, labels, strict=False)]
        _check_same_samples(numbers)
        said = (f"Read as {reading.why}.", *notes)
        test_numbers = numbers[1] if len(numbers) > 1 else None
        return NumberSource(
            name,
            form,
            reading.kind,
            numbers[0],
            test_numbers,
            labelling.names,
            notes=said,
            label_note=labelling.note,
        )
    convert, found = converter([rows_of(array) for array in splits], options.range, options.form == "image")
    train = _pictures(images, convert, found, labelling.labels)
    test = None if test_images is None else _pictures(test_images, convert, found, labelling.test_labels)
    return PictureSource(
        name,
        form,
        train,
        test,
        class_names=labelling.names,
        notes=(*notes, *_alpha_note(images, options)),
        range=found,
        label_note=labelling.note,
    )


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


def _alpha_note(images: StoredArray, options: DataOptions) -> tuple[str, ...]:
    """A sentence on a last channel that is taken for alpha without being asked to."""
    shape = images.shape
    channels = 1 if len(shape) == 3 else shape[3] if shape[3] <= shape[1] else shape[1]
    if options.form != "auto" or not has_alpha(channels):
        return ()
    return (f"The last of the {channels} channels is taken for alpha (--data.form bands if it is none).",)


def _choose_images(where: str, arrays: Mapping[str, StoredArray]) -> StoredArray:
    """The array of samples: by a name of samples, pictures before others; else by another one, or alone."""
    of_pictures = {name: array for name, array in arrays.items() if len(array.shape) in (3, 4)}
    of_others = {
        name: array
        for name, array in arrays.items()
        if len(array.shape) in (2, 5) and name not in (*LABELS, *TEST_LABELS)
    }
    for fitting in (of_pictures, of_others):
        if (chosen := first(fitting, IMAGES)) is not None:
            return chosen
    for fitting in (of_pictures, of_others):
        if (chosen := first(fitting, SAMPLES)) is not None:
            return chosen
        if len(fitting) == 1:
            return next(iter(fitting.values()))
    if len(arrays) == 1:
        return next(iter(arrays.values()))  # of 1 or many dimensions: its shape is refused with what is allowed
    listed = [f"{printable(name)} {list(array.shape)}" for name, array in arrays.items()]
    inside = ", ".join(listed[:_LISTED]) + ", …" * (len(listed) > _LISTED) or "nothing"
    raise DataError(
        f"{where} has no array of samples by a name such as 'images', 'signals' or 'x': pictures are {LAYOUTS}; "
        f"it holds {inside}"
    )


def _layout(array: StoredArray) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """A function from rows in the stored layout to rows [M, C, H, W]."""
    shape = array.shape
    if 0 in shape[1:]:
        raise DataError(f"{array.title} has shape {list(shape)}: its pictures are empty")
    last = len(shape) == 4 and shape[3] <= 4
    first = len(shape) == 4 and shape[1] <= 4
    height, width = shape[1:3] if last or len(shape) == 3 else shape[2:]
    if height * width > MOST_PIXELS:
        raise DataError(f"{array.title} has shape {list(shape)}: its pictures are {too_large(height * width)}")
    if len(shape) == 3:
        return lambda rows: rows[:, None]
    if last and not first:
        return lambda rows: rows.transpose(0, 3, 1, 2)
    if first and not last:
        return lambda rows: rows
    raise DataError(f"{array.title} has shape {list(shape)}; pictures are {LAYOUTS}")


def rows_of(array: StoredArray) -> Rows:
    """The array's numbers as rows [N, C, H, W]."""
    arrange = _layout(array)
    return Rows(array.title, array.dtype, math.prod(array.shape), lambda: map(arrange, array.pieces()))


def _pictures(
    array: StoredArray,
    convert: Convert,
    found: ValueRange,
    labels: NDArray[np.int64] | None,
) -> Pictures:
    rows = rows_of(array)
    if isinstance(array, MemoryArray):
        return pictures_of_array(convert(_layout(array)(array.load())), labels)
    if rows.size <= _MOST_LOADED or not isinstance(array, ArrayFile):
        return pictures_of_array(np.concatenate([convert(piece) for piece in rows.pieces()]), labels)
    status = array.path.stat()
    text = f"{array.path.resolve()}\0{array.member}\0{status.st_size}\0{status.st_mtime_ns}"
    key = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16)
    if array.dtype != np.uint8 or not found.as_stored:
        key.update(f"{found.low} {found.high}".encode())
    if convert.opacity[0] or (array.dtype == np.uint8 and convert.opacity != AS_BYTES):
        key.update(f"alpha {convert.opacity}".encode())
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
    arrays: Mapping[str, StoredArray],
    splits: tuple[StoredArray, StoredArray | None],
    test_labels: StoredArray | None,
    use: LabelUse,
) -> tuple[Labelling, tuple[str, ...]]:
    """Labels of both splits, and notes."""
    images, test_images = splits
    array = first(arrays, LABELS)
    if array is None or array is images:
        return Labelling(), _unknown_labels(arrays, images, test_images)
    train = _values(array, images)
    if test_images is None:
        return read_labels(train, None, use), ()
    if test_labels is None:
        return Labelling(), ("The test split has no labels: none are used.",)
    return read_labels(train, _values(test_labels, test_images), use), ()


def _values(array: StoredArray, images: StoredArray) -> Values:
    stored = None if array.dtype.hasobject else array.load()
    title = f"'{array.member}'" if isinstance(array, ArrayFile) else array.title
    return Values(title, stored, array.shape, images.shape[0])


def _unknown_labels(arrays: Mapping[str, StoredArray], *known: StoredArray | None) -> tuple[str, ...]:
    """A note on arrays that may be labels, by another name."""
    images = known[0]
    assert images is not None
    others = [
        f"'{printable(name)}' {list(array.shape)}"
        for name, array in arrays.items()
        if array not in known
        and (name in (*LABELS, *TEST_LABELS) or array.shape[:1] == images.shape[:1])
        and len(array.shape) <= 2
    ]
    if not others:
        return ()
    return (f"Not used: {', '.join(others[:5])}; labels are looked for under labels, label, y, targets, y_train.",)
