"""What the finished trials of a study measured, by setting and seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from steadygan.studies.trial import Outcome, Setting


@dataclass(frozen=True)
class Row:
    """The outcome of one trial."""

    settings: Mapping[str, Setting]
    seed: int
    values: Outcome
    run: str | None = None
    """folder of its training, seen from the study's; None without one"""


@dataclass(frozen=True)
class Results:
    """The outcomes of the trials that are finished; figures, tables and claims are functions of them."""

    rows: tuple[Row, ...]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def where(self, **settings: Setting) -> Results:
        """Those with these settings."""
        return Results(tuple(row for row in self.rows if all(row.settings.get(k) == v for k, v in settings.items())))

    def settings(self, name: str) -> list[Setting]:
        """The values that a setting takes, in the order of the trials."""
        return list(dict.fromkeys(row.settings[name] for row in self.rows if name in row.settings))

    def by_seed(self, name: str, **settings: Setting) -> dict[int, Any]:
        """A measured value of each seed of one setting, by ascending seed; trials that lack it are left out."""
        found = {row.seed: row.values[name] for row in self.where(**settings) if name in row.values}
        return dict(sorted(found.items()))

    def values(self, name: str, **settings: Setting) -> list[Any]:
        """A measured value of all trials with these settings, by seed."""
        rows = sorted(self.where(**settings), key=lambda row: row.seed)
        return [row.values[name] for row in rows if name in row.values]
