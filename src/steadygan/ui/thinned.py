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
    """One field of a record. Intervals are as wide as the rounds need, a power of two, and merge in pairs."""

    def __init__(self, intervals: int = INTERVALS) -> None:
        self.intervals = intervals
        self.width = 1
        """rounds of an interval"""
        self.lost, self.first_lost = 0, None
        self._count = np.zeros(intervals)
        self._finite = np.zeros(intervals)
        self._round = np.zeros(intervals)
        self._total = np.zeros(intervals)
        self._low = np.full(intervals, np.inf)
        self._high = np.full(intervals, -np.inf)
        self._last = (-1, np.nan)

    lost: int
    first_lost: int | None

    def extend(self, rounds: NDArray[np.int64], values: Values) -> None:
        """Takes further values: rounds [N] from 0 on, in any order; values [N]."""
        kept = (rounds >= 0) & (rounds < MOST_ROUNDS)
        rounds, values = rounds[kept], values[kept]
        if not rounds.size:
            return
        while int(rounds.max()) // self.width >= self.intervals:
            self._widen()
        at = rounds // self.width
        finite = np.isfinite(values)
        np.add.at(self._count, at, 1.0)
        np.add.at(self._round, at, rounds.astype(np.float64))
        np.add.at(self._finite, at[finite], 1.0)
        np.add.at(self._total, at[finite], values[finite])
        np.minimum.at(self._low, at[finite], values[finite])
        np.maximum.at(self._high, at[finite], values[finite])
        if finite.any():
            newest = np.flatnonzero(finite)[-1]
            self._last = max(self._last, (int(rounds[newest]), float(values[newest])), key=lambda pair: pair[0])
        if not finite.all():
            self.lost += int((~finite).sum())
            first = int(rounds[~finite].min())
            self.first_lost = first if self.first_lost is None else min(self.first_lost, first)

    def _widen(self) -> None:
        half = (self.intervals + 1) // 2
        for name, join in (("_count", np.add), ("_finite", np.add), ("_round", np.add), ("_total", np.add)):
            setattr(self, name, self._joined(getattr(self, name), join, 0.0, half))
        self._low = self._joined(self._low, np.minimum, np.inf, half)
        self._high = self._joined(self._high, np.maximum, -np.inf, half)
        self.width *= 2

    def _joined(self, values: Values, join: np.ufunc, empty: float, half: int) -> Values:
        out = np.full(self.intervals, empty)
        padded = np.append(values, empty) if len(values) % 2 else values
        out[:half] = join(padded[0::2], padded[1::2])
        return out

    def points(self) -> Points:
        """The curve so far."""
        there = np.flatnonzero(self._count)
        finite = self._finite[there]
        with np.errstate(invalid="ignore", divide="ignore"):
            means = np.where(finite > 0, self._total[there] / finite, np.nan)
            rounds = self._round[there] / self._count[there]
        some = finite > 0
        return Points(
            rounds,
            means,
            np.where(some, self._low[there], np.nan),
            np.where(some, self._high[there], np.nan),
            self._last[1],
            self.lost,
            self.first_lost,
            bool((self._count > 1).any()),
        )
