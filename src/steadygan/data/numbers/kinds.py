"""What an array is: pictures, images of many bands, signals, volumes or a table, by its shape and the option ``kind``.

The rules for ``kind: auto``, in the order of the number of dimensions, M samples each:

- [M, D]: a table, up to 64 columns; more could be signals of one channel, so the kind is asked for
- [M, A, B]: pictures if neither side is longer than twice the other (four times for uint8); signals [M, C, T] from
  eight times on, or if one side is 1 to 4 (channels); between these the kind is asked for. The longer side is time
- [M, A, B, C]: pictures if one axis before or behind two longer ones is 1 to 4 (channels); volumes of one channel if
  all three sides are alike; images of many bands if two neighbouring sides are alike (within twice) and the third,
  first or last, is shorter than half of them; else the kind is asked for
- [M, C, D, H, W] or [M, D, H, W, C] with 1 to 4 channels: volumes; uint8 with 3 or 4 channels last is asked for, since
  it may be video
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from steadygan.errors import DataError

if TYPE_CHECKING:
    from steadygan.data.options import DataKind
    from steadygan.data.stored_array import StoredArray
    from steadygan.types import SampleKind

Arrange = Callable[[NDArray[Any]], NDArray[Any]]

MOST_COLUMNS = 64
"""of an array that is taken for a table without being asked to"""
_CHANNELS = 4
_ALIKE = 2.0
_ALIKE_BYTES = 4.0
_LONG = 8.0


@dataclass(frozen=True)
class Reading:
    """How an array is read: None in place of it stands for 8-bit pictures."""

    kind: SampleKind
    arrange: Arrange
    """from stored rows [n, ...] to samples [n, C, ...] or rows of a table [n, D]"""
    why: str
    """in words, for the audit"""


def reading_of(array: StoredArray, kind: DataKind) -> Reading | None:
    """How an array [M, ...] is read; None: as 8-bit pictures.

    Raises:
        DataError: one line, for what is no array of samples, for a shape that could be several things, and for a
            ``kind`` that the shape cannot be.
    """
    if array.dtype.kind == "c":
        raise DataError(f"{array.title} holds {array.dtype}: give real and imaginary parts as two channels")
    if array.dtype.hasobject or array.dtype.kind not in "buif":
        raise DataError(f"{array.title} holds {array.dtype}; samples are numbers")
    if 0 in array.shape:
        raise DataError(f"{array.title} has shape {list(array.shape)}: it is empty")
    dimensions = len(array.shape)
    if dimensions not in _BY_DIMENSIONS:
        what = "one number a sample" if dimensions == 1 else f"an array of {dimensions} dimensions"
        remedy = "; as a table it is [M, 1]" if dimensions == 1 else ""
        raise DataError(f"{array.title} has shape {list(array.shape)}, {what}: samples are {LAYOUTS}{remedy}")
    return _BY_DIMENSIONS[dimensions](array, kind)


LAYOUTS = "[M, D] tables, [M, C, T] signals, [M, H, W(, C)] pictures or [M, C, D, H, W] volumes"


def _ask(array: StoredArray, what: str, *choices: str) -> NoReturn:
    listed = " or ".join(f"--data.kind {choice}" for choice in choices)
    raise DataError(f"{array.title} has shape {list(array.shape)}: {what}; say what it is: {listed}")


def _no(array: StoredArray, kind: str, what: str) -> NoReturn:
    raise DataError(f"data kind is '{kind}', but {array.title} has shape {list(array.shape)}: {what}")


def _same(rows: NDArray[Any]) -> NDArray[Any]:
    return rows


def _one_channel(rows: NDArray[Any]) -> NDArray[Any]:
    return rows[:, None]


def _last_first(rows: NDArray[Any]) -> NDArray[Any]:
    return np.moveaxis(rows, -1, 1)


def _of_two(array: StoredArray, kind: DataKind) -> Reading | None:
    columns = array.shape[1]
    if kind == "table" or (kind == "auto" and columns <= MOST_COLUMNS):
        return Reading("points", _same, f"rows of a table of {columns:,} columns")
    if kind == "signal":
        return Reading("signal", _one_channel, f"signals of one channel and {columns:,} values")
    if kind == "auto":
        _ask(array, f"{columns:,} columns, or signals of {columns:,} values", "table (columns)", "signal (values)")
    _no(array, kind, "two dimensions are a table or signals of one channel")


def _of_three(array: StoredArray, kind: DataKind) -> Reading | None:
    first, second = array.shape[1:]
    short, long = min(first, second), max(first, second)
    signals = Reading(
        "signal",
        _same if second >= first else _last_first,
        f"signals of {short:,} channel{'s' * (short > 1)} and {long:,} values",
    )
    if kind == "signal":
        return signals
    if kind == "table":
        count = first * second
        return Reading("points", lambda rows: rows.reshape(len(rows), -1), f"rows of a table of {count:,} columns")
    if kind == "volume":
        _no(array, kind, "volumes are [M, D, H, W] or [M, C, D, H, W]")
    ratio = long / short
    alike = _ALIKE_BYTES if array.dtype == np.uint8 else _ALIKE
    if kind == "image" or ratio <= alike:
        return None
    if ratio >= _LONG or short <= _CHANNELS:
        why = f"{signals.why}, since sides of {first}:{second} are no picture (--data.kind image for pictures)"
        return Reading("signal", signals.arrange, why)
    remedy = f"image (the middle {short}x{short}; all of it with --data.fit pad)"
    _ask(array, f"sides of {first}:{second} are no usual picture", f"signal ({short} channels)", remedy)


def _of_four(array: StoredArray, kind: DataKind) -> Reading | None:
    first, middle, last = array.shape[1:]
    if kind == "table":
        _no(array, kind, "a table is [M, D]")
    if kind == "signal":
        _no(array, kind, "signals are [M, C, T]")
    volume = Reading("volume", _one_channel, f"volumes of one channel and {first}x{middle}x{last}")
    if kind == "volume":
        return volume
    if (last <= _CHANNELS) != (first <= _CHANNELS) or max(first, last) <= _CHANNELS:
        return None
    if kind == "auto" and first == middle == last:
        return Reading(volume.kind, volume.arrange, f"{volume.why} (--data.kind image for bands)")
    for bands, sides, arrange in ((first, (middle, last), _same), (last, (first, middle), _last_first)):
        alike = max(sides) <= _ALIKE * min(sides)
        if alike and (bands < min(sides) / 2 or (kind == "image" and sides[0] == sides[1])):
            why = f"images of {bands} bands and {sides[0]}x{sides[1]} (--data.kind volume for volumes)"
            return Reading("image", arrange, why)
    if kind == "image":
        return Reading("image", _same, f"images of {first} bands and {middle}x{last}")
    _ask(array, "no axis is clearly the channels", "image (bands first)", "volume (one channel)")


def _of_five(array: StoredArray, kind: DataKind) -> Reading | None:
    first, last = array.shape[1], array.shape[4]
    if kind not in ("auto", "volume"):
        _no(array, kind, "five dimensions are volumes [M, C, D, H, W] or [M, D, H, W, C]")
    channels_last = last <= _CHANNELS < first
    if kind == "auto" and array.dtype == np.uint8 and channels_last and last > 2:
        _ask(array, "it may be video, of which frames are the depth of volumes", "volume (to train on it so)")
    if kind == "auto" and not channels_last and first > _CHANNELS:
        _ask(array, "no axis has 1 to 4 channels", f"volume ({first} channels)")
    channels, sides = (last, array.shape[1:4]) if channels_last else (first, array.shape[2:])
    size = "x".join(map(str, sides))
    why = f"volumes of {channels} channel{'s' * (channels > 1)} and {size}"
    return Reading("volume", _last_first if channels_last else _same, why)


_BY_DIMENSIONS: dict[int, Callable[[Any, Any], Reading | None]] = {2: _of_two, 3: _of_three, 4: _of_four, 5: _of_five}


def arranged_shape(array: StoredArray, reading: Reading) -> tuple[int, ...]:
    """The shape [M, C, ...] or [M, D] of all samples as they are read."""
    one = reading.arrange(np.empty((1, *array.shape[1:]), np.bool_))
    assert math.prod(one.shape) == math.prod(array.shape[1:])
    return (array.shape[0], *one.shape[1:])
