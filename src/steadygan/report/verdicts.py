"""What the doctor says of a run that goes on: its looks so far, also those of earlier sessions, and the diagnosis."""

from __future__ import annotations

from collections.abc import Mapping

from steadygan.diagnostics.fields import Row
from steadygan.diagnostics.findings import Diagnosis
from steadygan.diagnostics.judge import judge
from steadygan.diagnostics.log import from_json, read_log
from steadygan.diagnostics.words import one_line
from steadygan.errors import SteadyganError
from steadygan.run import layout
from steadygan.training.observers import RunStart


class Verdicts:
    """Judges a run at each look."""

    def __init__(self, start: RunStart | None = None) -> None:
        self._rows: list[Row] = [] if start is None else _earlier(start)
        self._diagnosis: Diagnosis | None = None
        self._told: str | None = None

    def looked(self, row: Mapping[str, float | int | str]) -> None:
        """One more look."""
        self._rows.append(from_json(row))
        self._diagnosis = None

    @property
    def diagnosis(self) -> Diagnosis | None:
        """As of the last look; None without any."""
        if self._diagnosis is None and self._rows:
            self._diagnosis = judge(self._rows)
        return self._diagnosis

    @property
    def line(self) -> str:
        """The diagnosis in one line; '' without a look."""
        return "" if self.diagnosis is None else one_line(self.diagnosis)

    def news(self) -> str:
        """The line if it is of another verdict than the last news; else ''."""
        if self.diagnosis is None or self.diagnosis.main.verdict == self._told:
            return ""
        self._told = self.diagnosis.main.verdict
        return self.line


def _earlier(start: RunStart) -> list[Row]:
    """The looks of earlier sessions, up to the round that this one goes on from; none if they cannot be read."""
    path = start.folder / layout.SIGNALS
    if not start.round or not path.exists():
        return []
    try:
        return [row for row in read_log(path) if int(row["round"]) <= start.round]
    except SteadyganError:
        return []
