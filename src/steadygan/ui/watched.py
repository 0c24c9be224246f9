"""The records of a run as they grow: bounded curves, of which each poll reads what was appended since the last."""

from __future__ import annotations

import json
import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from steadygan.report.captions import EVALUATION
from steadygan.run import layout
from steadygan.ui.tail import PIECE, Tail, spread_lines
from steadygan.ui.thinned import MOST_ROUNDS, Points, Thinned

FIELDS = 200
"""most fields of a record that are followed"""
LONG = 2 * PIECE
"""bytes of a record that is first shown by some of its lines"""
SAMPLED = 400
"""of these lines"""
KEPT = 8
"""most runs whose records stay in memory while nobody looks at them"""


def row_of(line: bytes) -> dict[str, Any] | None:
    """The row of a record with a round; None for what is none."""
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(row, dict):
        return None
    round_ = row.get("round")
    return row if type(round_) is int and 0 <= round_ < MOST_ROUNDS else None


class Curves:
    """The numeric fields of a record, thinned."""

    def __init__(self) -> None:
        self.fields: dict[str, Thinned] = {}
        self.rows = 0
        self.last: dict[str, Any] = {}
        """the row of the furthest round"""

    def extend(self, lines: Iterable[bytes]) -> None:
        """Takes further lines; those that are no rows are left out."""
        columns: dict[str, tuple[list[int], list[float]]] = {}
        for line in lines:
            row = row_of(line)
            if row is None:
                continue
            self.rows += 1
            round_ = row["round"]
            if round_ >= self.last.get("round", 0):
                self.last = row
            for name, value in row.items():
                if (
                    name != "round"
                    and (value is None or isinstance(value, int | float))
                    and value.__class__ is not bool
                ):
                    if name not in columns:
                        if name not in self.fields and len(self.fields) + len(columns) >= FIELDS:
                            continue
                        columns[name] = ([], [])
                    rounds, values = columns[name]
                    rounds.append(round_)
                    values.append(_float(value))
        for name, (rounds, values) in columns.items():
            thinned = self.fields.setdefault(name, Thinned())
            thinned.extend(np.array(rounds, dtype=np.int64), np.array(values, dtype=np.float64))


def _float(value: float | None) -> float:
    try:
        return math.nan if value is None else float(value)
    except OverflowError:
        return math.inf


class Record:
    """One file of rows, with the curves of what was read of it."""

    def __init__(self, path: Path) -> None:
        self._tail = Tail(path)
        self._begun = self._tail.begun
        self._curves = Curves()
        self._preview: Curves | None = None

    def poll(self, most: int = PIECE) -> bool:
        """Reads on, at most ``most`` bytes; True if that changed something."""
        first = self._tail.offset == 0
        lines = self._tail.read(most)
        if self._tail.begun != self._begun:
            self._begun, self._curves, self._preview, first = self._tail.begun, Curves(), None, True
            changed = True
        else:
            changed = bool(lines)
        if first and self._tail.size > LONG:
            self._preview = Curves()
            self._preview.extend(spread_lines(self._tail.path, SAMPLED))
        self._curves.extend(lines)
        if self._preview is not None and not self._tail.behind:
            self._preview, changed = None, True
        return changed

    @property
    def curves(self) -> Curves:
        """Of all rows, or of some while the others are read."""
        return self._preview or self._curves

    @property
    def share(self) -> float:
        """How much of the file was read."""
        return 1.0 if not self._tail.size else self._tail.offset / self._tail.size

    @property
    def is_preview(self) -> bool:
        """True if the curves are of some of the rows."""
        return self._preview is not None


@dataclass
class Watched:
    """The records of one run. Safe to use from several threads."""

    folder: Path
    version: int = 0
    """goes up with each change"""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.metrics = Record(self.folder / layout.METRICS)
        self.evaluations = Record(self.folder / layout.EVALUATIONS)

    def poll(self) -> bool:
        """Reads what was appended, at most some megabytes; True if there is more to read."""
        with self.lock:
            if self.metrics.poll() | self.evaluations.poll():
                self.version += 1
            return self.metrics.share < 1 or self.evaluations.share < 1

    def points(self) -> tuple[dict[str, Points], Mapping[str, Any], str | None, str]:
        """The curves by field (those of evaluations begin with 'evaluation/'), the last row, the judge, and a note."""
        with self.lock:
            metrics, evaluations = self.metrics.curves, self.evaluations.curves
            found = {name: thinned.points() for name, thinned in metrics.fields.items()}
            for name, thinned in evaluations.fields.items():
                if name != "samples":
                    found[EVALUATION + name] = thinned.points()
            note = ""
            if self.metrics.is_preview:
                note = f"Drawn from {metrics.rows:,} rows while all are read: {100 * self.metrics.share:.0f}%."
            judge = evaluations.last.get("judge")
            return found, metrics.last, judge if isinstance(judge, str) else None, note


class Watchers:
    """The runs whose records are followed, of which the ones that were looked at last stay."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._watched: OrderedDict[Path, Watched] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, folder: Path) -> Watched:
        """The records of a run."""
        with self._lock:
            watched = self._watched.pop(folder, None) or Watched(folder)
            self._watched[folder] = watched
            while len(self._watched) > self._most:
                self._watched.popitem(last=False)
            return watched
