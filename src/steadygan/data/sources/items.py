"""Samples one by one: of a sequence, a data set of torch or of the user's own, or an iterable."""

from __future__ import annotations

import io
import numbers
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from steadygan.data.sources.handed import array_of, described, is_array, is_picture
from steadygan.errors import DataError, UsageError

if TYPE_CHECKING:
    from steadygan.data.images.decode import Payload

ACCEPTED = (
    "a path, a name, DataOptions, an array, a tensor, (samples, labels), a table of pandas, polars or pyarrow, a "
    "torch Dataset or DataLoader, or a list of pictures"
)
MOST_ITEMS = 100_000
"""samples that are taken of an iterable without a length"""
MOST_BYTES = 2**31
"""bytes of samples that are taken of it"""
_SAMPLES = ("image", "images", "img", "pixel_values", "x", "data", "sample", "samples", "input", "inputs", "signal")
_LABELS = ("label", "labels", "y", "target", "targets", "class", "fine_label", "class_label")
_PLAIN_MODES = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
_SEEN_AS = {"La": "LA", "RGBa": "RGBA", "PA": "RGBA"}
"""modes of Pillow that keep transparency, and what they are converted to; all others to RGB"""


class Items(NamedTuple):
    """What items hold."""

    samples: Any
    """one array, or a list of pictures as arrays and encoded"""
    labels: Any
    """of the samples; None: none"""
    notes: list[str]
    """sentences for the user"""
    pictures: bool
    """True if all are pictures of Pillow"""


_NO_SAMPLES: tuple[tuple[Any, str], ...] = (
    (str, "lines of text are trained on from a file, and pictures from a folder: hand over its path"),
    (os.PathLike, "hand over the path of the folder, or opened pictures: [Image.open(path) for path in paths]"),
    (numbers.Number, "one number a sample is a table of one column, [[x], [y], …]"),
)


def items_of(data: Any, labels: Any) -> Items:
    """Samples and labels of a sequence, a data set or an iterable.

    Args:
        data: x, (x,), (x, y) or a mapping an item
        labels: that were handed over beside it; None: the items' own

    Raises:
        DataError, UsageError: one line, for what cannot be trained on.
    """
    items, notes = _iterated(data)
    samples: list[Any] = []
    of_items: list[Any] = []
    size, plain = 0, True
    endless, pictures = not _has_length(data), True
    kept = isinstance(data, list | tuple)  # what else gives items may write each into the memory of the one before
    for number, item in enumerate(_told_of_errors(items, type(data).__name__)):
        sample, label = _split_item(item, number)
        plain = plain and isinstance(sample, list | tuple)
        pictures = pictures and is_picture(sample)
        payload = _payload(sample, number)
        samples.append(payload.copy() if isinstance(payload, np.ndarray) and not kept else payload)
        if label is not None:
            of_items.append(_plain_label(label, number))
        size += samples[-1].nbytes if isinstance(samples[-1], np.ndarray) else len(samples[-1])
        if endless and (size >= MOST_BYTES or len(samples) >= MOST_ITEMS):
            notes.append(
                f"The first {len(samples):,} samples of the {type(data).__name__} are used: it has no length, and "
                f"at most {MOST_ITEMS:,} samples or {MOST_BYTES // 2**30} GiB are taken of such data."
            )
            break
    if not samples:
        raise DataError(f"the {type(data).__name__} is empty")
    if of_items and len(of_items) != len(samples):
        raise DataError(f"the {type(data).__name__} has labels for {len(of_items):,} of {len(samples):,} samples")
    if of_items and labels is None:
        labels = of_items
    arrays = [sample for sample in samples if isinstance(sample, np.ndarray)]
    if plain and len({sample.shape for sample in arrays}) == 1:  # 1 and 1.5 are numbers of one row as of two
        samples = arrays = list(np.stack(arrays))
    forms = {(sample.shape, sample.dtype) for sample in arrays}
    if len(arrays) == len(samples) and len(forms) == 1:
        return Items(np.stack(samples), labels, notes, pictures)
    for sample in arrays:
        if sample.dtype != np.uint8 or sample.ndim not in (2, 3):
            shapes = sorted({f"{list(shape)} {dtype}" for shape, dtype in forms})[:3]
            raise DataError(
                f"the samples have different shapes or number types ({', '.join(shapes)}): only pictures in uint8 or "
                "of Pillow may have several sizes"
            )
    return Items(samples, labels, notes, pictures)


def _told_of_errors(items: Iterator[Any], name: str) -> Iterator[Any]:
    """The items; what a data set of the user's own raises becomes one line, with the error itself as its cause."""
    number = 0
    while True:
        try:
            item = next(items)
        except StopIteration:
            return
        except Exception as error:
            text = " ".join(str(error).split())[:160]
            raise DataError(f"item {number} of the {name} cannot be read: {type(error).__name__}: {text}") from error
        yield item
        number += 1


def _has_length(data: Any) -> bool:
    try:
        return hasattr(data, "__len__") and len(data) >= 0
    except TypeError:  # torch's data sets may define it to raise
        return False


def _iterated(data: Any) -> tuple[Iterator[Any], list[str]]:
    if isinstance(data, bytes | bytearray | str | int | float | bool) or data is None or callable(data):
        raise UsageError(f"data is {described(data)}; it has to be {ACCEPTED}")
    if _has_length(data) and hasattr(data, "__getitem__"):
        return (data[index] for index in range(len(data))), []
    if isinstance(data, Iterable):
        return iter(data), []
    raise UsageError(f"data is {described(data)}; it has to be {ACCEPTED}")


def _split_item(item: Any, number: int) -> tuple[Any, Any]:
    """(sample, label or None) of an item: x, (x,), (x, y), or a mapping with an image and a label."""
    if isinstance(item, Mapping):
        sample = next((item[key] for key in _SAMPLES if key in item), None)
        if sample is None:
            found = ", ".join(map(str, list(item)[:8]))
            raise UsageError(f"item {number} has no sample by a name such as 'image' or 'x'; it holds {found}")
        return sample, next((item[key] for key in _LABELS if key in item), None)
    if isinstance(item, tuple | list) and item and (is_array(item[0]) or is_picture(item[0])):
        if len(item) > 2:
            raise UsageError(f"item {number} has {len(item)} parts; (sample,) or (sample, label) are used")
        return item[0], item[1] if len(item) == 2 else None
    return item if _is_labelled_row(item) else (item, None)


def _is_labelled_row(item: Any) -> bool:
    """True for (a list of numbers, its label)."""
    if not isinstance(item, tuple) or len(item) != 2 or not isinstance(item[0], list | tuple):
        return False
    return not isinstance(item[1], list | tuple) or len(item[0]) != len(item[1])


def _payload(sample: Any, number: int) -> Payload:
    """A sample as an array as it is stored, or, of deeper pictures of Pillow, as the bytes of a file."""
    if is_picture(sample):
        return _of_picture(sample, number)
    for kind, remedy in _NO_SAMPLES:
        if isinstance(sample, kind):
            raise UsageError(f"sample {number} is {described(sample)}: {remedy}")
    array = array_of(sample, f"sample {number}")
    if array.dtype.hasobject or array.dtype.kind not in "buif" or not array.ndim:
        raise UsageError(
            f"sample {number} is {described(sample)} of {array.dtype}; samples are arrays, tensors or pictures"
        )
    return array


def _of_picture(picture: Any, number: int) -> Payload:
    """uint8 [H, W] or [H, W, C], so that pictures of one size make an array; of other modes the bytes of a file.

    Those are the picture's own file where it is opened and not loaded yet. Upright by EXIF, as pictures in files are.
    """
    from PIL import Image, ImageOps

    from steadygan.data.images.decode import reason

    try:
        if (own := _own_file(picture)) is not None:
            return own
        picture.load()
        picture = _as_meant(picture)
        with suppress(Exception):  # broken EXIF data means upright
            picture = ImageOps.exif_transpose(picture)
        if picture.mode in _PLAIN_MODES and "transparency" not in picture.info:
            return np.asarray(picture)
        buffer = io.BytesIO()
        if picture.mode in ("I", "F"):
            picture.save(buffer, "TIFF")
        elif picture.mode.startswith("I;16"):  # of any byte order
            key = {"transparency": picture.info["transparency"]} if "transparency" in picture.info else {}
            Image.fromarray(np.asarray(picture).astype("<u2")).save(buffer, "PNG", **key)
        else:
            mode = picture.mode if picture.mode in ("1", "P", *_PLAIN_MODES) else _SEEN_AS.get(picture.mode, "RGB")
            (picture if picture.mode == mode else picture.convert(mode)).save(buffer, "PNG")
        return buffer.getvalue()
    except Exception as error:  # of any decoder
        raise DataError(f"item {number} cannot be read: {reason(error)}") from error


def _own_file(picture: Any) -> bytes | None:
    """The file of a picture that is not loaded, whose numbers are not 8 plain bits a channel; None for others."""
    from PIL import ImageFile

    from steadygan.data.images.stored import mode_of

    if not isinstance(picture, ImageFile.ImageFile) or not picture.tile or picture.fp is None or picture.tell():
        return None
    if mode_of(picture) in _PLAIN_MODES and "transparency" not in picture.info and picture.format != "FITS":
        return None
    file: Any = picture.fp
    place = file.tell()
    file.seek(0)
    content: bytes = file.read()
    file.seek(place)
    return content


def _as_meant(picture: Any) -> Any:
    """A loaded picture with the numbers that its file means; unsigned ones of 32 bits have to fit signed ones.

    Raises:
        DataError: if they do not.
    """
    from PIL import Image

    from steadygan.data.images.depth import depth
    from steadygan.data.images.stored import mode_of, numbers_of

    if picture.format != "TIFF" or depth(mode_of(picture)) != "whole":
        return picture
    numbers = numbers_of(picture)
    if numbers.dtype.itemsize != 2:
        if numbers.dtype == np.uint32 and numbers.max() > np.iinfo(np.int32).max:
            raise DataError("whole numbers above 2^31: hand it over before it is loaded, or as an array")
        numbers = numbers.astype(np.int32)
    return Image.fromarray(numbers)


def _plain_label(label: Any, number: int) -> Any:
    array = array_of(label, f"label {number}") if not isinstance(label, str) else np.asarray(label)
    return array.copy() if array.ndim else array.item()
