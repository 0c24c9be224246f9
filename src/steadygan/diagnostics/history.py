"""A signal log as columns: the rounds and values of each field, up to a look."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from steadygan.diagnostics.fields import Row


class Series(NamedTuple):
    """A field over the looks that have it."""

    rounds: NDArray[np.int64]
    """[n], ascending"""
    values: NDArray[np.float64]
    """[n], without NaN"""

    def __bool__(self) -> bool:
        return len(self.rounds) > 0

    @property
    def last(self) -> float:
        """The newest value; NaN for none."""
        return float(self.values[-1]) if len(self.values) else math.nan

    def recent(self, looks: int) -> Series:
        """The last so many looks."""
        return Series(self.rounds[-looks:], self.values[-looks:])

    def since(self, round_: float) -> Series:
        """The looks at or after a round."""
        kept = self.rounds >= round_
        return Series(self.rounds[kept], self.values[kept])

    def median(self, looks: int | None = None) -> float:
        """Median of the last looks, or of all; NaN for none."""
        values = self.values if looks is None else self.values[-looks:]
        with np.errstate(all="ignore"):
            return float(np.median(values)) if len(values) else math.nan


class History:
    """A log up to its last look; it knows no more than the log's numbers."""

    def __init__(self, rows: Iterable[Row]) -> None:
        """
        Args:
            rows: in order of their rounds
        """
        self.rows: Sequence[Row] = tuple(rows)
        self._series: dict[str, Series] = {}
        self._arrays: dict[object, NDArray[Any]] = {}
        self._asked: set[str] = set()
        self._held: dict[str, NDArray[np.bool_]] = {}
        self._known_from: dict[str, int] = {}
        self._whole: History | None = None

    def __getitem__(self, field: str) -> Series:
        """The series of a field; empty if no look has it."""
        if field not in self._series:
            found = [
                (int(row["round"]), number) for row in self.rows if not math.isnan(number := _number(row.get(field)))
            ]
            rounds = np.array([round_ for round_, _ in found], dtype=np.int64)
            self._series[field] = Series(rounds, np.array([value for _, value in found], dtype=np.float64))
        return self._series[field]

    @property
    def looks(self) -> int:
        """How often it was looked."""
        return len(self.rows)

    @property
    def round(self) -> int:
        """Round of the last look; 0 without one."""
        return int(self.rows[-1]["round"]) if self.rows else 0

    @property
    def progress(self) -> float:
        """Share of the planned rounds that are done, by the last look; NaN if the plan is not known."""
        planned = self["rounds"].last
        return min(1.0, self.round / planned) if planned > 0 else math.nan

    def up_to(self, look: int) -> History:
        """The log as it was after its first ``look`` looks."""
        part = History(self.rows[:look])
        part._whole = self if self._whole is None else self._whole
        return part

    def column(self, field: str) -> NDArray[np.float64]:
        """[looks]: the numbers of a field at all looks; NaN where one lacks it."""

        def read() -> NDArray[np.float64]:
            return np.array([_number(row.get(field)) for row in self.rows], dtype=np.float64)

        return self.array(("column", field), lambda history: History.column(history, field), read)

    def array(
        self, name: object, of: Callable[[History], NDArray[Any]], make: Callable[[], NDArray[Any]]
    ) -> NDArray[Any]:
        """[looks]: an array made once, also for the parts of this log: a number at a look must rest on none after it.

        Args:
            name: unique to it
            of: gives it, of the log that this one is the beginning of
            make: makes it, of this log
        """
        if name not in self._arrays:
            whole = self._whole
            if whole is None:
                self._arrays[name] = make()
            else:
                found = whole._arrays.get(name)
                self._arrays[name] = (of(whole) if found is None else found)[: self.looks]
        return self._arrays[name]

    def has(self, field: str) -> bool:
        """True if some look has a number of a field."""
        self._asked.add(field)
        return not np.isnan(self.column(field)).all()

    def note(self, verdict: str, holds: NDArray[np.bool_]) -> None:
        """Takes where the evidence of a verdict is there, [looks], for the parts of this log."""
        if self._whole is None:
            self._held[verdict] = self._held[verdict] | holds if verdict in self._held else holds

    def holds(self, verdict: str, rule: Callable[[History], object]) -> bool:
        """False if the evidence of a verdict is not there at the last look; True if it is, or is not known yet.

        For a part of a log it is known after one look at the whole: the evidence at a look rests on none after it. It
        may rest on which fields there are, and so is not known until the part has what the rule asks for.

        Args:
            verdict: its name
            rule: that finds it, of a log, and notes where its evidence is there
        """
        whole = self._whole
        if whole is None:
            return True
        if verdict not in whole._known_from:
            whole._asked.clear()
            rule(whole)
            whole._known_from[verdict] = max(map(whole._first, whole._asked), default=0)
        held = whole._held.get(verdict)
        return held is None or self.looks <= whole._known_from[verdict] or bool(held[self.looks - 1])

    def _first(self, field: str) -> int:
        """The first look with a number of a field; 0 for none."""
        known = np.flatnonzero(~np.isnan(self.column(field)))
        return int(known[0]) if len(known) else 0


def _number(value: object) -> float:
    """A value as a float; NaN for what is none."""
    if not isinstance(value, int | float):
        return math.nan
    try:
        return float(value)
    except OverflowError:  # a whole number beyond what a float holds
        return math.inf if value > 0 else -math.inf
