"""Conversion of stored numbers to bytes, by one value range for all pictures of a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.bounds import Bounds
from steadygan.data.tally import FEW_KEPT, KEPT, Tally
from steadygan.data.value_range import AS_BYTES, FEW, ROUNDING, Kind, ValueRange, to_bytes, worded
from steadygan.errors import DataError
from steadygan.types import has_alpha

__all__ = ["Convert", "Rows", "ValueRange", "converter"]


@dataclass(frozen=True)
class Convert:
    """The function from stored numbers to bytes."""

    colours: tuple[float, float]
    """the numbers that become 0 and 255"""
    opacity: tuple[float, float] = AS_BYTES
    """the same of alpha"""
    as_stored: bool = False
    """nothing is converted"""

    def __call__(self, numbers: NDArray[Any]) -> NDArray[np.uint8]:
        """Numbers [N, C, H, W] as uint8 [N, C, H, W]."""
        if self.as_stored:
            return numbers
        if has_alpha(numbers.shape[1]):
            parts = (to_bytes(numbers[:, :-1], *self.colours), to_bytes(numbers[:, -1:], *self.opacity))
            return np.concatenate(parts, axis=1)
        return to_bytes(numbers, *self.colours)


@dataclass(frozen=True, eq=False)
class Rows:
    """Numbers of pictures, read piece by piece."""

    title: str
    """in messages"""
    dtype: np.dtype[Any]
    size: int
    """numbers in all"""
    pieces: Callable[[], Iterable[NDArray[Any]]]
    """iterates over arrays [N, C, H, W], from the first at each call"""

    @classmethod
    def of(cls, array: NDArray[Any], title: str) -> Rows:
        """An array [M, C, H, W] in memory."""
        return cls(title, array.dtype, array.size, lambda: (array,))


def converter(rows: Sequence[Rows], asked: Bounds = (), sure_of_alpha: bool = False) -> tuple[Convert, ValueRange]:
    """A function from stored numbers to uint8, the same for all splits, and the range that it uses.

    Args:
        rows: of each split, of one number of channels
        asked: the range; () to find it
        sure_of_alpha: the last of 2 or 4 channels is alpha, whatever its numbers are

    Raises:
        DataError: one line, for numbers that are not finite or all the same, for arrays that hold no numbers, and for a
            last channel that is no alpha.
    """
    for part in rows:
        if part.dtype.hasobject or part.dtype.kind not in "buif":
            raise DataError(f"{part.title} holds {part.dtype}; pictures are numbers")
        if not part.size:
            raise DataError(f"{part.title} is empty")
    if not asked:
        _check_kinds(rows)
    kind = _kind(rows)
    total = sum(part.size for part in rows)
    as_bytes = kind == "bytes" and not asked
    colours, alpha = Tally(kind, total, 0 if as_bytes else KEPT if asked else FEW_KEPT), Tally(kind, total, 0)
    for part in rows:
        _count(part, colours, alpha, until_bright=as_bytes)
    try:
        opacity = alpha.opacity(sure_of_alpha)
    except DataError as error:
        raise DataError(f"the last channel of {rows[0].title} {error}") from None
    if alpha.least < opacity[1]:
        colours.transparent, colours.white = True, opacity[1]
        of_one_scale = kind != "whole" or opacity[1] <= AS_BYTES[1] or colours.least == colours.most
        if of_one_scale and colours.least >= -ROUNDING and colours.most <= opacity[1] and not asked:
            colours.merge(colours.least, opacity[1])  # the white that shows through
    try:
        found = colours.range(asked)
    except DataError as error:
        raise DataError(f"{rows[0].title} {error}") from None
    as_stored = found.as_stored and kind == "bytes" and opacity == AS_BYTES
    return Convert((found.low, found.high), opacity, as_stored), found


def _check_kinds(rows: Sequence[Rows]) -> None:
    """Refuses splits of several kinds of numbers, unless they have one range all the same."""
    if len({_kind([part]) for part in rows}) == 1:
        return
    found = [converter([part], sure_of_alpha=True)[1] for part in rows]
    if len({(each.low, each.high) for each in found}) > 1:
        kinds = ", ".join(
            f"{part.title} holds {part.dtype} from {worded(each.least)} to {worded(each.most)}"
            for part, each in zip(rows, found, strict=True)
        )
        raise DataError(f"{kinds}: one range cannot serve both; save them as one type, or set --data.range")


def _kind(rows: Sequence[Rows]) -> Kind:
    kinds = {part.dtype for part in rows}
    if all(kind == np.uint8 for kind in kinds):
        return "bytes"
    letters = {kind.kind for kind in kinds}
    return "truth" if letters == {"b"} else "real" if "f" in letters else "whole"


def _count(part: Rows, colours: Tally, alpha: Tally, until_bright: bool) -> None:
    done = 0
    for piece in part.pieces():
        with_alpha = piece.ndim > 1 and has_alpha(piece.shape[1])
        for tally, numbers in ((colours, piece[:, :-1] if with_alpha else piece), (alpha, piece[:, -1:])):
            if (tally is colours or with_alpha) and not tally.add(numbers):
                raise DataError(f"{part.title} has {_not_finite(numbers)} in picture {done + _where(numbers)}")
        done += len(piece)
        bright = all(tally.most >= FEW for tally in ((colours, alpha) if with_alpha else (colours,)))
        if until_bright and bright and colours.least < colours.most:
            return


def _where(numbers: NDArray[Any]) -> int:
    """The first row with a number that is not finite."""
    return int(np.flatnonzero(~np.isfinite(numbers.reshape(len(numbers), -1)).all(axis=1))[0])


def _not_finite(numbers: NDArray[Any]) -> str:
    return "NaN" if np.isnan(numbers).any() else "an infinite number"
