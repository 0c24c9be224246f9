"""Value ranges: which stored numbers become black and white, found once for a whole data set and never per picture.

The rule, where no range is asked for:

- truth values: false is black, true is white;
- whole numbers of 8 bits, or from 0 to 255: as they are; from 0 to less than 32, as in masks and label maps: 0 to the
  largest;
- whole numbers above 255: 0 to the largest number of the same bits (4,093 needs 12 bits: 0 to 4,095);
- fractions from 0 to 1 or from -1 to 1: these ranges; up to 255, with a maximum above 127: 0 to 255;
- all others: the smallest to the largest.

Alpha (the last of 2 or 4 channels) has a range of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from steadygan.data.bounds import Bounds, bounds_words, number_words, percentile
from steadygan.errors import DataError

Kind = Literal["truth", "bytes", "whole", "real"]
"""of stored numbers: bool, uint8, other integers, fractions"""
Convert: TypeAlias = Callable[[NDArray[Any]], NDArray[np.uint8]]
"""numbers [N, C, H, W] -> uint8 [N, C, H, W]"""

FEW = 32
"""levels, an eighth of 256: pictures within fewer are nearly one grey"""
AS_BYTES = (0.0, 255.0)
_ROUNDING = 1e-3
_MIDDLE = 127
_KEPT = 2**22
"""numbers from which percentiles are taken: all, or evenly spaced ones of more"""


@dataclass(frozen=True)
class ValueRange:
    """The stored numbers that become 0 and 255, and what was found."""

    low: float
    high: float
    least: float
    """the smallest number of the data set"""
    most: float
    why: str
    """why this range, in words"""
    clipped: float = 0.0
    """share of all numbers below ``low`` or above ``high``"""

    @property
    def as_stored(self) -> bool:
        """True if numbers from 0 to 255 stay as they are."""
        return (self.low, self.high) == AS_BYTES

    def number(self, level: float) -> float:
        """The stored number that becomes a level from 0 to 255."""
        return self.low + level / 255 * (self.high - self.low)

    def words(self) -> str:
        """The range in one line."""
        said = self.as_stored or "percentiles" in self.why
        found = "" if said else f"; found {_words(self.least)} to {_words(self.most)}"
        clipped = f"; {_share(self.clipped)} of the numbers are clipped" if self.clipped else ""
        return f"{_words(self.low)} to {_words(self.high)} become black to white ({self.why}{found}{clipped})"

    def to_json(self) -> dict[str, Any]:
        """Plain numbers and words."""
        return asdict(self)


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


def converter(rows: Sequence[Rows], asked: Bounds = ()) -> tuple[Convert, ValueRange]:
    """A function from stored numbers to uint8, the same for all splits, and the range that it uses.

    Args:
        rows: of each split, of one number of channels
        asked: the range; () to find it

    Raises:
        DataError: one line, for numbers that are not finite or all the same, and for arrays that hold no numbers.
    """
    for part in rows:
        if part.dtype.hasobject or part.dtype.kind not in "buif":
            raise DataError(f"{part.title} holds {part.dtype}; pictures are numbers")
        if not part.size:
            raise DataError(f"{part.title} is empty")
    kind = _kind(rows)
    total = sum(part.size for part in rows)
    colours, alpha = Tally(kind, total, bool(asked)), Tally(kind, total, False)
    for part in rows:
        _count(part, colours, alpha, until_bright=kind == "bytes" and not asked)
    try:
        found = colours.range(asked)
    except DataError as error:
        raise DataError(f"{rows[0].title} {error}") from None
    opacity = alpha.opacity()
    if found.as_stored and kind == "bytes" and opacity == AS_BYTES:
        return (lambda numbers: numbers), found

    def convert(numbers: NDArray[Any]) -> NDArray[np.uint8]:
        if numbers.shape[1] in (2, 4):
            parts = (to_bytes(numbers[:, :-1], found.low, found.high), to_bytes(numbers[:, -1:], *opacity))
            return np.concatenate(parts, axis=1)
        return to_bytes(numbers, found.low, found.high)

    return convert, found


def to_bytes(numbers: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Numbers of any shape as uint8: ``low`` becomes 0, ``high`` 255, others are clipped."""
    wide = numbers.astype(np.float64)
    return np.rint((wide - low) * (255 / (high - low))).clip(0, 255).astype(np.uint8)


def _kind(rows: Sequence[Rows]) -> Kind:
    kinds = {part.dtype for part in rows}
    if all(kind == np.uint8 for kind in kinds):
        return "bytes"
    letters = {kind.kind for kind in kinds}
    return "truth" if letters == {"b"} else "real" if "f" in letters else "whole"


def _count(part: Rows, colours: Tally, alpha: Tally, until_bright: bool) -> None:
    done = 0
    for piece in part.pieces():
        has_alpha = piece.ndim > 1 and piece.shape[1] in (2, 4)
        for tally, numbers in ((colours, piece[:, :-1] if has_alpha else piece), (alpha, piece[:, -1:])):
            if (tally is colours or has_alpha) and not tally.add(numbers):
                raise DataError(f"{part.title} has {_not_finite(numbers)} in picture {done + _where(numbers)}")
        done += len(piece)
        if until_bright and colours.most >= FEW and colours.least < colours.most:
            return


def _where(numbers: NDArray[Any]) -> int:
    """The first row with a number that is not finite."""
    return int(np.flatnonzero(~np.isfinite(numbers.reshape(len(numbers), -1)).all(axis=1))[0])


def _not_finite(numbers: NDArray[Any]) -> str:
    return "NaN" if np.isnan(numbers).any() else "an infinite number"


class Tally:
    """The extremes of numbers that are added piece by piece, and evenly spaced ones of them."""

    def __init__(self, kind: Kind, total: int, keeps: bool) -> None:
        """
        Args:
            kind: of the numbers
            total: about how many will be added
            keeps: keep some, for percentiles and shares
        """
        self.kind = kind
        self.least, self.most = np.inf, -np.inf
        self.kept: list[NDArray[Any]] = []
        self._step = -(-total // _KEPT) | 1 if keeps else 0  # odd: no multiple of a usual width

    def add(self, numbers: NDArray[Any]) -> bool:
        """Adds numbers; False if some are not finite, and then nothing is added."""
        if not numbers.size:
            return True
        least, most = float(numbers.min()), float(numbers.max())  # both propagate NaN
        if not np.isfinite(least) or not np.isfinite(most):
            return False
        self.merge(least, most, numbers.reshape(-1)[:: self._step] if self._step else None)
        return True

    def merge(self, least: float, most: float, kept: NDArray[Any] | None = None) -> None:
        """Adds what is known of numbers that were looked at elsewhere."""
        self.least, self.most = min(self.least, least), max(self.most, most)
        if kept is not None:
            self.kept.append(np.array(kept))

    @property
    def step(self) -> int:
        """Of which numbers one is kept; 0: none are."""
        return self._step

    def range(self, asked: Bounds = (), *, alone: bool = True) -> ValueRange:
        """The range that was asked for, or that of the rule.

        Args:
            asked: () for the rule
            alone: these are all numbers of the data set, which must not all be the same

        Raises:
            DataError: a line that follows a name, if all numbers are the same or the bounds leave nothing between.
        """
        if self.least == self.most and alone:
            raise DataError(f"holds {_words(self.least)} and no other number: there is nothing to learn")
        if not asked:
            same = self.least == self.most
            ends = (min(0.0, self.least), max(1.0, self.most)) if same else (self.least, self.most)
            return replace(ValueRange(*_by_rule(self.kind, *ends)), least=self.least, most=self.most)
        numbers = np.concatenate(self.kept)
        low, high = (self._bound(bound, numbers) for bound in asked)
        if not low < high:
            raise DataError(
                f"has nothing between {bounds_words(asked)}: these are {_words(low)} and {_words(high)}, of numbers "
                f"from {_words(self.least)} to {_words(self.most)}"
            )
        if low >= self.most or high <= self.least:
            raise DataError(
                f"has numbers from {_words(self.least)} to {_words(self.most)}, none of them within the range "
                f"{bounds_words(asked)}"
            )
        if any(percentile(bound) is not None for bound in asked):
            why = f"percentiles {bounds_words(asked)} of all numbers, {_words(self.least)} to {_words(self.most)}"
        else:
            why = "as asked"
        clipped = float(((numbers < low) | (numbers > high)).mean())
        return ValueRange(low, high, self.least, self.most, why, clipped)

    def _bound(self, bound: float | str, numbers: NDArray[Any]) -> float:
        part = percentile(bound)
        return float(np.percentile(numbers, part)) if part is not None else float(bound)

    def opacity(self) -> tuple[float, float]:
        """The range of alpha; 0 is transparent."""
        if self.kind == "bytes" or not np.isfinite(self.most):
            return AS_BYTES
        if self.most <= 1 + _ROUNDING:
            return 0.0, 1.0
        return (0.0, _by_rule(self.kind, 0.0, self.most)[1])


def _by_rule(kind: Kind, least: float, most: float) -> tuple[float, float, float, float, str]:
    """(low, high, least, most, why) of numbers from ``least`` to ``most``, which differ."""
    low, high, why = _of_fractions(least, most) if kind == "real" else _of_whole(kind, least, most)
    return low, high, least, most, why


def _of_whole(kind: Kind, least: float, most: float) -> tuple[float, float, str]:
    if kind == "truth":
        return 0.0, 1.0, "truth values"
    if least < 0:
        unit = least >= -1 and most <= 1
        return (-1.0, 1.0, "-1 to 1") if unit else (least, most, "the smallest to the largest")
    if most < FEW:
        return 0.0, most, f"whole numbers below {FEW}, as in masks and label maps"
    if most <= 255:
        return *AS_BYTES, "8 bits, as stored"
    bits = int(most).bit_length()
    return 0.0, float(2**bits - 1), f"{bits} bits, the fewest that hold the largest"


def _of_fractions(least: float, most: float) -> tuple[float, float, str]:
    if least >= -_ROUNDING and most <= 1 + _ROUNDING:
        return 0.0, 1.0, "fractions from 0 to 1"
    if least >= -1 - _ROUNDING and most <= 1 + _ROUNDING:
        return -1.0, 1.0, "fractions from -1 to 1"
    if least >= -_ROUNDING and _MIDDLE < most <= 255 + _ROUNDING:
        return *AS_BYTES, "fractions from 0 to 255"
    return least, most, "the smallest to the largest"


def crowded(samples: NDArray[np.uint8]) -> tuple[int, int] | None:
    """The lowest and highest level between which nearly all of pictures [M, C, H, W] lie, if these are fewer than 32.

    Nearly all are 99.8% of the numbers, or every number of half of the pictures: that one bright picture or a few hot
    pixels set the range is no help to the others. Of many pictures, evenly spaced ones are looked at.
    """
    if not len(samples):
        return None
    fits = max(1, 2**24 // max(1, samples[0].size))
    some = samples[:: max(1, -(-len(samples) // fits))]
    colours = np.asarray(some[:, :-1] if some.shape[1] in (2, 4) else some)
    levels = np.cumsum(sum(np.bincount(picture.reshape(-1), minlength=256) for picture in colours))
    numbers = [int(np.searchsorted(levels, share * levels[-1])) for share in (0.001, 0.999)]
    flat = colours.reshape(len(colours), -1)
    pictures = [int(np.percentile(flat.min(axis=1), 25)), int(np.percentile(flat.max(axis=1), 75))]
    return next(((low, high) for low, high in (numbers, pictures) if high - low < FEW), None)


def crowding_words(samples: NDArray[np.uint8], ranges: Iterable[ValueRange]) -> str:
    """A warning of pictures that use few grey levels, with the range that spreads them; '' if they use enough."""
    ends = crowded(samples)
    if ends is None:
        return ""
    low, high = ends
    text = f"Nearly all numbers become levels {low} to {high} of 0 to 255: a network sees nearly one grey."
    known = list(ranges)
    if len(known) != 1 or low == high:
        return text
    bounds = " ".join(number_words(known[0].number(level)) for level in (low, high))
    return f"{text} --data.range {bounds} spreads them."


def _words(number: float) -> str:
    whole = float(number).is_integer() and abs(number) < 1e15
    return f"{int(number):,}" if whole else number_words(number)


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "fewer than 0.1%"
