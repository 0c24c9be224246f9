"""Value ranges: which stored numbers become black and white, found once for a whole data set and never per picture.

The rule, where no range is asked for:

- truth values: false is black, true is white;
- whole numbers of 8 bits, or from 0 to 255: as they are; from 0 to less than 32, as in masks and label maps: 0 to the
  largest;
- whole numbers above 255: 0 to the largest number of the same bits (4,093 needs 12 bits: 0 to 4,095);
- fractions from 0 to 1 or from -1 to 1 that fill an eighth of it: these ranges; up to 255, with a maximum above 127:
  0 to 255;
- all others: the smallest to the largest.

Alpha (the last of 2 or 4 channels) has a range of its own: 0 to 1, or that of the rule for whole numbers.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from steadygan.data.bounds import number_words

Kind = Literal["truth", "bytes", "whole", "real"]
"""of stored numbers: bool, uint8, other integers, fractions"""

FEW = 32
"""levels, an eighth of 256: pictures within fewer are nearly one grey"""
AS_BYTES = (0.0, 255.0)
ROUNDING = 1e-3
_MIDDLE = 127


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
    squeezed: int = 0
    """grey levels that nearly all numbers become, if these are few and the numbers many; 0 if there is no such loss"""
    better: str = ""
    """a range that spreads them, as it is typed; '' if there is no such loss"""

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
        found = "" if said else f"; found {worded(self.least)} to {worded(self.most)}"
        clipped = f"; {_share(self.clipped)} of the numbers are clipped" if self.clipped else ""
        return f"{worded(self.low)} to {worded(self.high)} become black to white ({self.why}{found}{clipped})"

    def to_json(self) -> dict[str, Any]:
        """Plain numbers and words."""
        return asdict(self)


def to_bytes(numbers: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    """Numbers of any shape as uint8: ``low`` becomes 0, ``high`` 255, others are clipped."""
    wide = numbers.astype(np.float64)
    low, high = float(low), float(high)
    scale = 255 / (high - low)
    if not 0 < scale < math.inf:  # the difference of the bounds overflows, or is next to nothing
        unit = max(abs(low), abs(high))
        wide, low, high = wide / unit, low / unit, high / unit
        scale = 255 / (high - low)
    return np.rint((wide - low) * scale).clip(0, 255).astype(np.uint8)


def by_rule(kind: Kind, least: float, most: float) -> tuple[float, float, float, float, str]:
    """(low, high, least, most, why) of numbers from ``least`` to ``most``, which differ; see the top of the module."""
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
    fills = most - least >= FEW / 256
    if fills and least >= -ROUNDING and most <= 1 + ROUNDING:
        return 0.0, 1.0, "fractions from 0 to 1"
    if most - least >= 2 * FEW / 256 and least >= -1 - ROUNDING and most <= 1 + ROUNDING:
        return -1.0, 1.0, "fractions from -1 to 1"
    if least >= -ROUNDING and _MIDDLE < most <= 255 + ROUNDING:
        return *AS_BYTES, "fractions from 0 to 255"
    return least, most, "the smallest to the largest"


def may_be_alpha(kind: Kind, least: float, most: float) -> bool:
    """True for numbers from 0 to 1, of 8 or of 16 bits."""
    if least < -ROUNDING or most > 2**16 - 1 + ROUNDING:
        return False
    return kind != "real" or most <= 1 + ROUNDING or most > _MIDDLE


def worded(number: float) -> str:
    """A stored number in a sentence."""
    whole = float(number).is_integer() and abs(number) < 1e15
    return f"{int(number):,}" if whole else number_words(number)


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "fewer than 0.1%"
