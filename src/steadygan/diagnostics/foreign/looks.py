"""Records as looks: one row a round, thinned as they are read, so that a log of any length needs bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterable

from steadygan.diagnostics.fields import Row
from steadygan.diagnostics.foreign.columns import Mapped
from steadygan.diagnostics.foreign.names import FAKE, REAL
from steadygan.diagnostics.foreign.record import Record
from steadygan.system.words import counted

MOST = 256
"""looks that are kept at most, and half as many at least"""
LOSSES = ("critic_loss", "generator_loss", "wasserstein", "gap", REAL, FAKE)
"""numbers that are watched for the round from which they are not finite"""
INSIDE = 3
"""times the longest gap, and one: NaN after a number of the same round"""
ENDED = 0.1
"""share of the rounds, at the end, without a number of a loss that had some"""


class Looks:
    """Rows by round; neighbours become one whenever there are too many, of which the later one's numbers count."""

    def __init__(self, mapped: Mapped, span: float = 0.0, planned: int | None = None) -> None:
        """
        Args:
            mapped: which column is which field
            span: rounds of an epoch, where they begin again with each, or after each restart
            planned: rounds of the training, if known
        """
        self._mapped, self._span, self._planned = mapped, span, planned
        self._rows: list[dict[str, float | int | str]] = []
        self._stride, self._open, self._last, self._count = 1, 0, -1, 0
        self._finite = {name: _Finite() for name in LOSSES if name in mapped.fields}
        self._before, self._restarts = -math.inf, 0
        self.returns = 0
        """how often the log went back to an earlier round"""

    def add(self, record: Record) -> None:
        self._count += 1
        round_ = self._round(record)
        if round_ is None:
            return
        if round_ < self._last:
            self.returns += 1
            while self._rows and int(self._rows[-1]["round"]) >= round_:
                self._rows.pop()
            self._open = 0
        new = round_ != self._last
        self._last = round_
        row: dict[str, float | int | str] = {"round": round_, **self._values(record, round_)}
        if self._rows and (not new or self._open):
            self._rows[-1] |= row
        else:
            self._rows.append(row)
        if new:
            self._open = (self._open + 1) % self._stride
        if len(self._rows) > MOST:
            pairs = zip(self._rows[::2], self._rows[1::2], strict=False)
            odd = self._rows[-1:] if len(self._rows) % 2 else []
            self._rows = [first | second for first, second in pairs] + odd
            self._stride *= 2
            self._open = self._stride // 2 if odd else 0

    def rows(self) -> tuple[Row, ...]:
        """The looks so far; a loss that is NaN or infinite from some round to the end is not finite there."""
        gone = [(each.since, self._mapped.fields[name]) for name, each in self._finite.items() if each.lost]
        rows = [{**row, **({} if self._planned is None else {"rounds": self._planned})} for row in self._rows]
        if gone:
            since, column = min(gone)
            for row in rows:
                if int(row["round"]) >= since:
                    row.setdefault("non_finite", column)
                    break
        return tuple(rows)

    def notes(self) -> list[str]:
        """What is odd about the losses, in lines."""
        found = []
        for name, each in self._finite.items():
            column = self._mapped.fields[name]
            if each.infinite and not each.lost:
                found.append(f"'{column}' is infinite {counted(each.infinite, 'time')} and finite after it: left out")
            if 0 <= each.known < (1 - ENDED) * self._last and not each.lost:
                found.append(f"'{column}' has no number after round {each.known:,}, of {self._last:,}")
        return found

    def _round(self, record: Record) -> int | None:
        """The round of a record; without a number that of the record before."""
        column = self._mapped.fields.get("round")
        if column is None:
            return self._count
        value = record.get(column)
        if not isinstance(value, float) or not math.isfinite(value):
            return self._last if self._last >= 0 else None
        if self._mapped.restarts:
            self._restarts += value < self._before
            self._before = value
            value += self._span * self._restarts
        if self._mapped.epoch is not None:
            epoch = record.get(self._mapped.epoch)
            value += self._span * (epoch if isinstance(epoch, float) and math.isfinite(epoch) else 0.0)
        return round(value * self._mapped.scale)

    def _values(self, record: Record, round_: int) -> dict[str, float | int | str]:
        row: dict[str, float | int | str] = {}
        for name, column in self._mapped.fields.items():
            value = record.get(column)
            if name == "non_finite":
                row |= {name: value} if isinstance(value, str) else {}
            elif name != "round" and isinstance(value, float):
                if name in self._finite:
                    self._finite[name].add(value, round_)
                if math.isfinite(value) or (name not in self._finite and not math.isnan(value)):
                    row[name] = self._mapped.factors.get(name, 1.0) * value
        real, fake = row.pop(REAL, None), row.pop(FAKE, None)
        if isinstance(real, float) and isinstance(fake, float):
            row.setdefault("gap", real - fake)
        if "wasserstein" in row:
            row.setdefault("gap", row["wasserstein"])
        return row


class _Finite:
    """Tells a loss that is NaN or infinite for good from cells without a number: no earlier gap is as long as the last.

    Rows after a number in the same round are such cells more often: there the gap has to be a good deal longer.
    """

    def __init__(self) -> None:
        self._now = self._longest = 0
        self.since = 0
        self.known = -1
        """the last round with a number"""
        self.infinite = 0
        """how often it was infinite, up to the last number"""
        self._infinite = 0

    def add(self, value: float, round_: int) -> None:
        if math.isfinite(value):
            self._longest, self._now, self.known = max(self._longest, self._now), 0, round_
            self.infinite, self._infinite = self.infinite + self._infinite, 0
        else:
            self.since = round_ if not self._now else self.since
            self._now += 1
            self._infinite += math.isinf(value)

    @property
    def lost(self) -> bool:
        """True if it is not finite from ``since`` to the end."""
        inside = self._now and self.since == self.known and not self._infinite
        return self._now > (INSIDE * (self._longest + 1) if inside else self._longest)


def looks(records: Iterable[Record], mapped: Mapped, span: float = 0.0, planned: int | None = None) -> Looks:
    """All records as looks."""
    found = Looks(mapped, span, planned)
    for record in records:
        found.add(record)
    return found
