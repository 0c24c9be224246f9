"""What an array is: pictures, images of many bands, signals, volumes or a table, by its shape and the option ``form``.

The rules for ``form: auto``, in the order of the number of dimensions, M samples each:

- [M, D]: a table, up to 64 columns; more could be signals of one channel, so the form is asked for
- [M, A, B]: pictures if neither side is longer than twice the other (four times for uint8); signals [M, C, T] from
  eight times on, or if one side is 1 to 4 (channels); between these the form is asked for. The longer side is time
- [M, A, B, C]: pictures if one axis before or behind two longer ones is 1 to 4 (channels); volumes of one channel if
  all three sides are alike; images of many bands if two neighbouring sides are alike (within twice) and the third,
  first or last, is shorter than half of them; else the form is asked for. Sides and a channel axis of 1 are read as
  [M, A, B] is
- [M, C, D, H, W] or [M, D, H, W, C] with 1 to 4 channels: volumes; uint8 with 3 or 4 channels last is asked for, since
  it may be video
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, Protocol

import numpy as np
from numpy.typing import NDArray

from steadygan.errors import DataError

if TYPE_CHECKING:
    from steadygan.data.options import DataForm
    from steadygan.data.stored_array import StoredArray
    from steadygan.types import SampleKind


class _Form(Protocol):
    """What is known of an array before it is read."""

    @property
    def title(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...


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


def reading_of(array: StoredArray, form: DataForm) -> Reading | None:
    """How an array [M, ...] is read; None: as 8-bit pictures.

    Raises:
        DataError: one line, for what is no array of samples, for a shape that could be several things, and for a
            ``form`` that the shape cannot be.
    """
    if array.dtype.kind == "c":
        raise DataError(f"{array.title} holds {array.dtype}: give real and imaginary parts as {_parts(array)}")
    if array.dtype.hasobject or array.dtype.kind not in "buif":
        raise DataError(f"{array.title} holds {array.dtype}; samples are numbers")
    if 0 in array.shape:
        raise DataError(f"{array.title} has shape {list(array.shape)}: it is empty")
    dimensions = len(array.shape)
    if dimensions not in _BY_DIMENSIONS:
        what = "one number a sample" if dimensions == 1 else f"an array of {dimensions} dimensions"
        remedy = "; as a table it is [M, 1]" if dimensions == 1 else ""
        raise DataError(f"{array.title} has shape {list(array.shape)}, {what}: samples are {LAYOUTS}{remedy}")
    return _BY_DIMENSIONS[dimensions](array, form)


def _parts(array: StoredArray) -> str:
    """In what form the parts of complex numbers are trained on."""
    if len(array.shape) == 3:
        return "two bands, [M, 2, H, W] with --data.form bands, or of signals as channels, [M, 2 C, T]"
    return "two channels, [M, 2, T]" if len(array.shape) == 2 else "channels of their own"


LAYOUTS = "[M, D] tables, [M, C, T] signals, [M, H, W(, C)] pictures or [M, C, D, H, W] volumes"


def _ask(array: _Form, what: str, *choices: str) -> NoReturn:
    listed = " or ".join(f"--data.form {choice}" for choice in choices)
    raise DataError(f"{array.title} has shape {list(array.shape)}: {what}; say what it is: {listed}")


def _no(array: _Form, form: str, what: str) -> NoReturn:
    raise DataError(f"data form is '{form}', but {array.title} has shape {list(array.shape)}: {what}")


def _same(rows: NDArray[Any]) -> NDArray[Any]:
    return rows


def _one_channel(rows: NDArray[Any]) -> NDArray[Any]:
    return rows[:, None]


def _last_first(rows: NDArray[Any]) -> NDArray[Any]:
    return np.moveaxis(rows, -1, 1)


def _of_two(array: StoredArray, form: DataForm) -> Reading | None:
    columns = array.shape[1]
    if form == "table" or (form == "auto" and columns <= MOST_COLUMNS):
        return Reading("points", _same, f"rows of a table of {columns:,} columns")
    if form == "signal":
        return Reading("signal", _one_channel, f"signals of one channel and {columns:,} values")
    if form == "auto":
        _ask(array, f"{columns:,} columns, or signals of {columns:,} values", "table (columns)", "signal (values)")
    _no(array, form, "two dimensions are a table or signals of one channel")


def _alike(array: _Form, height: int, width: int) -> bool:
    """True for the sides of a picture."""
    most = _ALIKE_BYTES if array.dtype == np.uint8 else _ALIKE
    return max(height, width) <= most * min(height, width)


def _of_three(array: _Form, form: DataForm) -> Reading | None:
    first, second = array.shape[1:]
    short, long = min(first, second), max(first, second)
    signals = Reading(
        "signal",
        _same if second >= first else _last_first,
        f"signals of {short:,} channel{'s' * (short > 1)} and {long:,} values",
    )
    if form == "signal":
        return signals
    if form == "table":
        count = first * second
        return Reading("points", lambda rows: rows.reshape(len(rows), -1), f"rows of a table of {count:,} columns")
    if form == "volume":
        _no(array, form, "volumes are [M, D, H, W] or [M, C, D, H, W]")
    if form == "bands":
        _no(array, form, "bands are [M, B, H, W] or [M, H, W, B]")
    if form == "image" or _alike(array, first, second):
        return None
    if long >= _LONG * short or short <= _CHANNELS:
        why = f"{signals.why}, since sides of {first}:{second} are no picture (--data.form image for pictures)"
        return Reading("signal", signals.arrange, why)
    remedy = f"image (the middle {short}x{short}; all of it with --data.fit pad)"
    _ask(array, f"sides of {first}:{second} are no usual picture", f"signal ({short} channels)", remedy)


def _of_four(array: StoredArray, form: DataForm) -> Reading | None:
    first, middle, last = array.shape[1:]
    if form == "table":
        _no(array, form, "a table is [M, D]")
    if form == "signal":
        if 1 not in (first, last):
            _no(array, form, "signals are [M, C, T]")
        return _of_three_within(array, form)
    volume = Reading("volume", _one_channel, f"volumes of one channel and {first}x{middle}x{last}")
    if form == "volume":
        return volume
    if form == "bands":
        return _bands(array)
    if (last <= _CHANNELS) != (first <= _CHANNELS):
        sides = (first, middle) if last <= _CHANNELS else (middle, last)
        if form == "image" or _alike(array, *sides):
            return None
        if 1 in (first, last):
            return _of_three_within(array, form)
        _ask(array, f"sides of {sides[0]}:{sides[1]} are no usual picture", f"image (the middle {min(sides)} pixels)")
    if max(first, last) <= _CHANNELS:
        return None
    if form == "auto" and first == middle == last:
        return Reading(volume.kind, volume.arrange, f"{volume.why} (--data.form image for bands)")
    for bands, sides, arrange in ((first, (middle, last), _same), (last, (first, middle), _last_first)):
        alike = max(sides) <= _ALIKE * min(sides)
        if alike and (bands < min(sides) / 2 or (form == "image" and sides[0] == sides[1])):
            why = f"images of {bands} bands and {sides[0]}x{sides[1]} (--data.form volume for volumes)"
            return Reading("image", arrange, why)
    if form == "image":
        return Reading("image", _same, f"images of {first} bands and {middle}x{last}")
    _ask(array, "no axis is clearly the channels", "image (bands first)", "volume (one channel)")


def _bands(array: StoredArray) -> Reading:
    """Numbers of bands, none of which is alpha; up to 4 of them as channels of volumes that are one pixel deep."""
    first, middle, last = array.shape[1:]
    bands, height, width = (last, first, middle) if last < first else (first, middle, last)
    why = f"{bands} bands of {height}x{width}"
    arrange = _last_first if last < first else _same
    if bands > _CHANNELS:
        return Reading("image", arrange, f"images of {why}")
    return Reading("volume", lambda rows: arrange(rows)[:, :, None], f"volumes of {why}, one pixel deep")


def _of_three_within(array: StoredArray, form: DataForm) -> Reading | None:
    """[M, 1, A, B] or [M, A, B, 1] read as [M, A, B]; None: as the pictures that it is."""
    axis = 1 if array.shape[1] == 1 else 3

    def without(rows: NDArray[Any]) -> NDArray[Any]:
        return np.squeeze(rows, axis)

    shape = tuple(side for number, side in enumerate(array.shape) if number != axis)
    inner = _of_three(_Shape(array.title, shape, array.dtype), form)
    return inner and Reading(inner.kind, lambda rows: inner.arrange(without(rows)), inner.why)


@dataclass(frozen=True)
class _Shape:
    """An array's title, shape and number type, without its numbers."""

    title: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def _of_five(array: StoredArray, form: DataForm) -> Reading | None:
    first, last = array.shape[1], array.shape[4]
    if form not in ("auto", "volume"):
        _no(array, form, "five dimensions are volumes [M, C, D, H, W] or [M, D, H, W, C]")
    channels_last = last <= _CHANNELS < first
    if form == "auto" and array.dtype == np.uint8 and channels_last and last > 2:
        _ask(array, "it may be video, of which frames are the depth of volumes", "volume (to train on it so)")
    if form == "auto" and not channels_last and first > _CHANNELS:
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
