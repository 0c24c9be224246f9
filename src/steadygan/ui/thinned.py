"""A curve of bounded size that grows: mean, lowest and highest value of each interval of rounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]

INTERVALS = 480
"""most intervals of a curve"""
MOST_ROUNDS = 1 << 52
"""rounds from here on are no rounds"""


@dataclass(frozen=True)
class Points:
    """A thinned curve: one point for each interval that has a value."""

    rounds: Values
    """[N], ascending: the mean round of the values"""
    means: Values
    """[N]; NaN where no value is finite"""
    lows: Values
    highs: Values
    """[N]: of the finite values"""
    last: float
    """the last finite value; NaN without one"""
    lost: int
    """values that are not finite"""
    first_lost: int | None
    """round of the first of them"""
    merged: bool
    """True if a point stands for several values"""


class Thinned:
    """One field of a record. Intervals of rounds begin with a width of 1, which doubles when there are too many.

    So up to ``intervals`` values are kept as they are, however many rounds lie between them.
    """

    def __init__(self, intervals: int = INTERVALS) -> None:
        self.intervals = intervals
        self.width = 1
        """rounds of an interval"""
        self.lost = 0
        self.first_lost: int | None = None
        self._last = (-1, np.nan)
        self._at = np.empty(0, dtype=np.int64)
        """number of each interval that has a value, ascending"""
        self._sums = np.empty((4, 0))
        """of each: values, finite values, their rounds (of all) and their sum (of the finite ones)"""
        self._low, self._high = np.empty(0), np.empty(0)

    def extend(self, rounds: NDArray[np.int64], values: Values) -> None:
        """Takes further values [N] of rounds [N], in any order; rounds outside of 0 to 2^52 are left out."""
        kept = (rounds >= 0) & (rounds < MOST_ROUNDS)
        rounds, values = rounds[kept], values[kept]
        if not rounds.size:
            return
        finite = np.isfinite(values)
        self._note(rounds, values, finite)
        plain = np.where(finite, values, 0.0)
        self._merge(
            np.concatenate([self._at, rounds // self.width]),
            np.concatenate([self._sums, [np.ones(len(rounds)), finite, rounds, plain]], axis=1),
            np.concatenate([self._low, np.where(finite, values, np.inf)]),
            np.concatenate([self._high, np.where(finite, values, -np.inf)]),
        )
        while len(self._at) > self.intervals:
            self.width *= 2
            self._merge(self._at // 2, self._sums, self._low, self._high)

    def _note(self, rounds: NDArray[np.int64], values: Values, finite: NDArray[np.bool_]) -> None:
        if finite.any():
            newest = np.flatnonzero(finite & (rounds == rounds[finite].max()))[-1]
            if rounds[newest] >= self._last[0]:
                self._last = int(rounds[newest]), float(values[newest])
        if not finite.all():
            self.lost += int((~finite).sum())
            first = int(rounds[~finite].min())
            self.first_lost = first if self.first_lost is None else min(self.first_lost, first)

    def _merge(self, at: NDArray[np.int64], sums: Values, low: Values, high: Values) -> None:
        """Joins what is of one interval."""
        order = np.argsort(at, kind="stable")
        at = at[order]
        starts = np.flatnonzero(np.diff(at, prepend=-1))
        self._at = at[starts]
        with np.errstate(over="ignore"):
            self._sums = np.add.reduceat(sums[:, order], starts, axis=1)
        self._low = np.minimum.reduceat(low[order], starts)
        self._high = np.maximum.reduceat(high[order], starts)

    def points(self) -> Points:
        """The curve so far."""
        count, finite, rounds, total = self._sums
        some = finite > 0
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.where(some, total / finite, np.nan)
        return Points(
            rounds / count,
            means,
            np.where(some, self._low, np.nan),
            np.where(some, self._high, np.nan),
            self._last[1],
            self.lost,
            self.first_lost,
            bool((count > 1).any()),
        )
