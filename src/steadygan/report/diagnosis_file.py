"""diagnosis.json of a run that goes on: what the doctor says, written at checkpoints and at the end."""

from __future__ import annotations

import time
from pathlib import Path

from steadygan.diagnostics.consultation import consult, write_diagnosis
from steadygan.report.guarded import Guarded
from steadygan.run import layout
from steadygan.training.observers import Evaluation, Picture, Row, RunEnd, RunStart


class DiagnosisObserver:
    """Writes ``diagnosis.json`` with checkpoints, within half a percent of the run's time, and at the end.

    A failure is a warning.
    """

    def __init__(self) -> None:
        self._guarded = Guarded("the diagnosis")
        self._folder: Path | None = None
        self._next = 0.0
        self.ending_seconds = 0.0
        """of the last time, as another one takes them"""

    def started(self, start: RunStart) -> None:
        self._folder = start.folder

    def logged(self, row: Row) -> None: ...
    def evaluated(self, row: Evaluation) -> None: ...
    def pictured(self, picture: Picture) -> None: ...

    def saved(self, round_: int, path: Path) -> None:
        if self._folder is not None and time.monotonic() >= self._next:
            self._write(self._folder)
            self._next = time.monotonic() + 200 * self.ending_seconds

    def ended(self, end: RunEnd) -> None:
        self._write(end.folder)

    def _write(self, folder: Path) -> None:
        if (folder / layout.SIGNALS).exists():
            began = time.monotonic()
            self._guarded(lambda: write_diagnosis(consult(folder)))
            self.ending_seconds = time.monotonic() - began
