"""Columns as fields: which column is which field, by the user's word or by a guess, and how rounds are numbered."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from steadygan.diagnostics.fields import FIELDS
from steadygan.diagnostics.foreign.names import FAKE, REAL, SHARES, guess, round_columns, words
from steadygan.diagnostics.foreign.record import Record
from steadygan.errors import DataError, UsageError, enumerated, unknown_name

NUMERIC = 0.5
"""share of a column's cells that have to be numbers"""
FEW_RETURNS = 0.02
"""share of rows at which a number of rounds may go back: a training that was resumed"""
LEAST_RESTARTS = 2
"""a single one may be a training that was begun anew"""
NEAR_HIGHEST = 0.9
"""of the highest number: from there rounds that are counted within epochs begin again"""


@dataclass
class Tally:
    """What the cells of one column are."""

    numbers: int = 0
    texts: int = 0
    low: float = math.inf
    high: float = -math.inf
    returns: int = 0
    """how often a number is below the one before"""
    rises: int = 0
    begins: int = 0
    """returns at which the number of epochs rose"""
    restarts: int = 0
    """returns from near the highest number so far to the lowest"""
    whole: bool = True
    negative: int = 0
    last: float = field(default=math.nan, repr=False)
    epoch: float = field(default=math.nan, repr=False)

    def add(self, value: float | str | None, epoch: float = math.nan) -> None:
        if value is None:
            return
        if isinstance(value, str):
            self.texts += 1
            return
        self.numbers += 1
        if math.isfinite(value):
            self.restarts += value < self.last and value <= self.low and self.last >= NEAR_HIGHEST * self.high
            self.low, self.high = min(self.low, value), max(self.high, value)
            self.negative += value < 0
            self.whole = self.whole and value == int(value)
            self.returns += value < self.last
            self.begins += value < self.last and epoch > self.epoch
            self.rises += value > self.last
            self.last, self.epoch = value, epoch


@dataclass(frozen=True)
class Tallied:
    """The columns of a log."""

    rows: int
    columns: Mapping[str, Tally]


def tally(records: Iterable[Record]) -> Tallied:
    """Looks through a log once."""
    columns: dict[str, Tally] = {}
    rows, epoch = 0, math.nan
    counts: dict[str, bool] = {}
    for record in records:
        rows += 1
        for name, value in record.items():
            if counts.setdefault(name, "epoch" in words(name)) and isinstance(value, float):
                epoch = value
                break
        for name, value in record.items():
            columns.setdefault(name, Tally()).add(value, epoch)
    return Tallied(rows, columns)


@dataclass(frozen=True)
class Mapped:
    """Which column is which field."""

    fields: Mapping[str, str]
    """field to column; ``round`` and what a gap is made of among them"""
    given: frozenset[str]
    """fields that the user named"""
    epoch: str | None = None
    """the column of epochs in each of which the rounds begin again at 0"""
    restarts: bool = False
    """the rounds begin again now and then, with no column of epochs"""
    unusable: str = ""
    """why the column that was given for the rounds does not number them"""
    scale: float = 1.0
    """of the numbers of rounds: 1000 where they are thousands of images"""
    factors: Mapping[str, float] = field(default_factory=dict)
    """-1 where a column has the other sign, .01 where it is in percent"""


def mapped(found: Tallied, given: Mapping[str, str], title: str) -> Mapped:
    """Maps the columns.

    Args:
        found: the columns
        given: fields to columns, by the user
        title: of the log, for errors

    Raises:
        UsageError: for a field or column that there is not, with the nearest name; DataError if no column is a field.
    """
    names = list(found.columns)
    for name, column in given.items():
        if name not in (*FIELDS, REAL, FAKE):
            raise unknown_name("field", name, (*FIELDS, REAL, FAKE))
        if column not in found.columns:
            raise unknown_name(f"column of {title}", column, names)
        if not _numeric(found.columns[column]) and name != "non_finite":
            raise UsageError(f"column '{column}' of {title} holds no numbers: it cannot be {name}")
    usable = [name for name in names if _numeric(found.columns[name]) and name not in given.values()]
    fullest = sorted(usable, key=lambda name: -found.columns[name].numbers)
    guessed = {name: column for name, column in guess(fullest).items() if name not in given}
    guessed = {name: column for name, column in guessed.items() if _possible(name, found.columns[column])}
    if "non_finite" in names:
        guessed.setdefault("non_finite", "non_finite")
    fields = {**guessed, **given}
    if not set(fields) - {"round", "rounds", "seen", "training_samples"}:
        raise DataError(
            f"no column of {title} has a usual name; its columns: {enumerated(names) or 'none'}; name them: --columns "
            "critic_loss=NAME generator_loss=NAME"
        )
    rounds = _rounds(found, usable, fields)
    scale = 1.0
    asked = fields.pop("round", None)
    if rounds.column is not None:
        fields["round"] = rounds.column
        scale = 1000.0 if "kimg" in words(rounds.column) else 1.0
    unusable = "" if asked is None or rounds.column else _why_not(asked, found.columns[asked])
    factors = _factors(found, fields)
    return Mapped(fields, frozenset(given), rounds.epoch, rounds.restarts, unusable, scale, factors)


def _possible(name: str, column: Tally) -> bool:
    """False if a column of a field's name has numbers that this field cannot have."""
    return name not in SHARES or (column.low >= 0 and column.high <= SHARES[name])


def _numeric(column: Tally) -> bool:
    return column.numbers > 0 and column.numbers >= NUMERIC * (column.numbers + column.texts)


class _Rounds(NamedTuple):
    """How the rounds are numbered; without a column rows are counted."""

    column: str | None = None
    epoch: str | None = None
    restarts: bool = False


def _rounds(found: Tallied, usable: list[str], fields: Mapping[str, str]) -> _Rounds:
    candidates = [fields["round"]] if "round" in fields else round_columns(usable)
    candidates = [name for name in candidates if _counts(found.columns[name], found.rows)]
    epochs = [name for name in usable if "epoch" in words(name) and found.columns[name].rises]
    within = [
        name
        for name in candidates
        if epochs and epochs[0] != name and found.columns[name].begins >= max(1, 0.9 * found.columns[epochs[0]].rises)
    ]
    for name in candidates:
        column = found.columns[name]
        if name in within:
            return _Rounds(name, epochs[0])
        if within and name == epochs[0]:  # a batch within an epoch says more than the epoch
            return _Rounds(within[0], name)
        if column.whole and column.returns >= LEAST_RESTARTS and column.restarts == column.returns:
            return _Rounds(name, restarts=True)
        if column.returns <= max(3, FEW_RETURNS * found.rows) and (column.whole or "kimg" in words(name)):
            return _Rounds(name)
    return _Rounds()


def _counts(column: Tally, rows: int) -> bool:
    return column.low >= 0 and (column.rises >= 1 or rows == 1)


def _why_not(name: str, column: Tally) -> str:
    if column.low < 0:
        reason = "has numbers below 0"
    elif not column.rises:
        reason = "never rises"
    elif not column.whole and "kimg" not in words(name):
        reason = "has numbers that are not whole"
    else:
        reason = f"goes back {column.returns:,} times"
    return f"'{name}' {reason}"


def _factors(found: Tallied, fields: Mapping[str, str]) -> dict[str, float]:
    factors = {}
    if "wasserstein" in fields:
        column = found.columns[fields["wasserstein"]]
        if column.negative > 0.9 * column.numbers:
            factors["wasserstein"] = -1.0  # an estimate of a distance: the critic's loss was logged as it is
    if "accuracy" in fields and 1.5 < found.columns[fields["accuracy"]].high <= 100:
        factors["accuracy"] = 0.01
    return factors
