"""Levels and trends of a log's fields at each look, from that look and those before it alone.

Verdicts compare arrays [looks] with thresholds: what one says of a log's beginning is what it said when the log ended
there. A level is a median over looks, so that one that jumps changes nothing; a trend compares levels.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.diagnostics.findings import Evidence, Finding, VerdictName
from steadygan.diagnostics.history import History

Column = NDArray[np.float64]
"""[looks], NaN where nothing is known"""
Mask = NDArray[np.bool_]
"""[looks]"""

LOOKS = 3
"""of a level's median, at least; a choice: one outlier leaves no mark"""
SHARE = 0.05
"""of the looks so far that a median spans, where that is more"""
CARRIED = 10
"""looks for which a number that is measured rarely stands"""
SPAN = 0.25
"""of the rounds so far over which a trend is taken"""
USUAL_LOOKS = 30
"""of a training; where its length is not known, how far it is"""
MOST_SURE = 0.97
USUAL_STEP = 1e-4
"""a step over the norm of the weights: 5.7e-4 and more where clipping at .01 to .001 trained, 6e-5 where it did not"""


class Levels:
    """The fields of a log, as arrays over its looks."""

    def __init__(self, history: History) -> None:
        self.history = history
        self.looks = history.looks
        self.rounds: Column = history.column("round")

    @property
    def age(self) -> Column:
        """Share of the planned rounds that are done; by the number of looks where none are planned."""

        def make() -> Column:
            planned = self.latest("rounds")
            by_looks = np.arange(1, self.looks + 1) / USUAL_LOOKS
            with np.errstate(all="ignore"):
                return np.minimum(1.0, np.where(planned > 0, self.rounds / planned, by_looks))

        return self._array("age", lambda levels: levels.age, make)

    def latest(self, field: str) -> Column:
        """The newest number of a field at each look, however old."""

        def make() -> Column:
            column = self.history.column(field)
            known = ~np.isnan(column)
            last = np.maximum.accumulate(np.where(known, np.arange(self.looks), -1)) if self.looks else known
            return np.where(last >= 0, column[last], math.nan) if self.looks else column

        return self._array(("latest", field), lambda levels: levels.latest(field), make)

    def level(self, field: str, looks: int = LOOKS) -> Column:
        """Median of a field over the last looks that have it, so many at least."""

        def make() -> Column:
            column = self.history.column(field)
            known = np.flatnonzero(~np.isnan(column))
            at = np.arange(self.looks)
            widths = np.maximum(looks, np.ceil(SHARE * (at + 1)).astype(np.int64))
            ends = np.searchsorted(known, at, side="right")
            begins = np.searchsorted(known, at - np.maximum(CARRIED, widths), side="right")
            begins = np.maximum(begins, ends - widths)
            values = column[known].tolist()
            levels = [_median(values[i:j]) for i, j in zip(begins.tolist(), ends.tolist(), strict=True)]
            return np.array(levels, dtype=np.float64)

        return self._array(("level", field, looks), lambda levels: levels.level(field, looks), make)

    def most(self, field: str) -> Column:
        """The highest level so far."""
        return self._extreme(field, np.fmax)

    def total(self, field: str) -> Column:
        """Sum of a field's numbers so far."""

        def make() -> Column:
            with np.errstate(all="ignore"):
                return np.cumsum(np.nan_to_num(self.history.column(field)))

        return self._array(("total", field), lambda levels: levels.total(field), make)

    def earlier(self, field: str) -> Column:
        """The level a quarter of the rounds before; NaN where there was none."""

        def make() -> Column:
            level = self.level(field)
            before = np.searchsorted(self.rounds, (1 - SPAN) * self.rounds, side="right") - 1
            return np.where(before >= 0, level[np.maximum(before, 0)], math.nan) if self.looks else level

        return self._array(("earlier", field), lambda levels: levels.earlier(field), make)

    def growth(self, field: str) -> Column:
        """Level over the level a quarter of the rounds before; NaN where one is not known or not above 0."""

        def make() -> Column:
            now, before = self.level(field), self.earlier(field)
            with np.errstate(all="ignore"):
                return np.where((now > 0) & (before > 0), now / before, math.nan)

        return self._array(("growth", field), lambda levels: levels.growth(field), make)

    def outlook(self, field: str) -> Column:
        """The level that a field has at the end, if it goes on by the power of time that it went by lately.

        A run that becomes healthy looks collapsed at first (diversity .13 to .6 at a quarter): its outlook does not.
        """

        def make() -> Column:
            growth = self.growth(field)
            with np.errstate(all="ignore"):
                left = np.log(1 / np.maximum(self.age, 1e-3)) / -math.log(1 - SPAN)
                growth = np.clip(np.where(np.isnan(growth), 1.0, growth), 0.25, 4.0)
                ahead: Column = self.level(field) * growth ** np.minimum(left, 4)
                return ahead

        return self._array(("outlook", field), lambda levels: levels.outlook(field), make)

    @property
    def generator_steps(self) -> Mask:
        """Where the generator's weights move by steps of a usual size, so that its gradient is of a size to learn by.

        Adam and RMSProp divide by that size: slopes of 1e-7 under a tight clipping bound still train.
        """
        with np.errstate(invalid="ignore"):
            found: Mask = self.level("generator_update") >= USUAL_STEP
            return found

    def has(self, *fields: str) -> bool:
        """True if some look has each of the fields."""
        return all(map(self.history.has, fields))

    def finding(
        self,
        verdict: VerdictName,
        holds: Mask,
        strength: Column,
        evidence: Iterable[Evidence],
        source: str,
        *,
        missing: int = 0,
        most: float = MOST_SURE,
    ) -> Finding | None:
        """The finding of a verdict whose evidence holds at the last look; None if it does not.

        Its confidence is half for the evidence being there and half for its strength, less a third at the first look
        that has it, a sixth at the second and so on, and a seventh less for each missing field that would bear it out.

        Args:
            verdict: its name
            holds: where the evidence is there
            strength: 0 at the threshold to 1 where nothing else could be meant
            evidence: of the last look; read only if it holds
            source: of the thresholds
            missing: fields that would bear it out and are not in the log
            most: confidence that it does not pass
        """
        self.history.note(verdict, holds)
        if not self.looks or not holds[-1]:
            return None
        broken = np.flatnonzero(~holds)
        first = int(broken[-1]) + 1 if len(broken) else 0
        held = self.looks - first
        sure = 0.5 + 0.5 * float(np.clip(np.nan_to_num(strength[-1]), 0, 1))
        confidence = most * sure * (1 - 1 / (3 * held)) * (6 / 7) ** missing
        return Finding(verdict, int(self.rounds[first]), round(confidence, 2), tuple(evidence), source)

    def _extreme(self, field: str, of: Any) -> Column:
        def make() -> Column:
            found: Column = of.accumulate(self.level(field))
            return found

        return self._array((of.__name__, field), lambda levels: levels._extreme(field, of), make)

    def _array(self, name: object, of: Callable[[Levels], Column], make: Callable[[], Column]) -> Column:
        return self.history.array(name, lambda history: of(Levels(history)), make)


def between(value: Column, start: float, end: float) -> Column:
    """0 at ``start`` and beyond, 1 at ``end`` and beyond, by the logarithm between: how strong evidence is."""
    with np.errstate(all="ignore"):
        share = (np.log(np.maximum(value, 1e-12)) - math.log(start)) / (math.log(end) - math.log(start))
    return np.clip(np.where(np.isnan(share), 0.0, share), 0, 1)


def strongest(*strengths: Column) -> Column:
    """The highest of several strengths at each look."""
    found: Column = np.fmax(functools.reduce(np.fmax, strengths), 0.0)
    return found


def _median(values: list[float]) -> float:
    """As numpy's, twenty times as fast for a few values; NaN for none."""
    if not values:
        return math.nan
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
