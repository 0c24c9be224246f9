"""Records as looks: one row a round, thinned as they are read, so that a log of any length needs bounded memory."""

from __future__ import annotations

import math
from collections.abc import Iterable

from steadygan.diagnostics.fields import Row
from steadygan.diagnostics.foreign.columns import Mapped
from steadygan.diagnostics.foreign.names import FAKE, REAL
from steadygan.diagnostics.foreign.record import Record

MOST = 256
"""looks that are kept at most, and half as many at least"""
LOSSES = ("critic_loss", "generator_loss")


class Looks:
    """Rows by round; neighbours become one whenever there are too many, of which the later one's numbers count."""

    def __init__(self, mapped: Mapped, span: float = 0.0, planned: int | None = None) -> None:
        """
        Args:
            mapped: which column is which field
            span: rounds of an epoch, where they begin again with each
            planned: rounds of the training, if known
        """
        self._mapped, self._span, self._planned = mapped, span, planned
        self._rows: list[dict[str, float | int | str]] = []
        self._stride, self._open, self._last, self._count = 1, 0, -1, 0
        self._nan = {name: _NaN() for name in LOSSES if name in mapped.fields}
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
        """The looks so far; a loss that is NaN from some round to the end is not finite there."""
        gone = [(each.since, self._mapped.fields[name]) for name, each in self._nan.items() if each.at_end]
        rows = [{**row, **({} if self._planned is None else {"rounds": self._planned})} for row in self._rows]
        if gone:
            since, column = min(gone)
            for row in rows:
                if int(row["round"]) >= since:
                    row.setdefault("non_finite", column)
                    break
        return tuple(rows)

    def _round(self, record: Record) -> int | None:
        """The round of a record; without a number that of the record before."""
        column = self._mapped.fields.get("round")
        if column is None:
            return self._count
        value = record.get(column)
        if not isinstance(value, float) or not math.isfinite(value):
            return self._last if self._last >= 0 else None
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
                if name in self._nan:
                    self._nan[name].add(value, round_)
                if not math.isnan(value):
                    row[name] = self._mapped.factors.get(name, 1.0) * value
        real, fake = row.pop(REAL, None), row.pop(FAKE, None)
        if isinstance(real, float) and isinstance(fake, float):
            row.setdefault("gap", real - fake)
        if "wasserstein" in row:
            row.setdefault("gap", row["wasserstein"])
        return row


class _NaN:
    """Tells a loss that became NaN for good from cells without a number: no earlier gap is as long as the last."""

    def __init__(self) -> None:
        self._now = self._longest = 0
        self.since = 0
        self._known = -1

    def add(self, value: float, round_: int) -> None:
        if math.isnan(value) and round_ == self._known:
            return  # another row of the round has the number
        if math.isnan(value):
            self.since = round_ if not self._now else self.since
            self._now += 1
        else:
            self._longest, self._now, self._known = max(self._longest, self._now), 0, round_

    @property
    def at_end(self) -> bool:
        return self._now > self._longest


def looks(records: Iterable[Record], mapped: Mapped, span: float = 0.0, planned: int | None = None) -> Looks:
    """All records as looks."""
    found = Looks(mapped, span, planned)
    for record in records:
        found.add(record)
    return found
