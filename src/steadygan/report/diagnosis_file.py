"""diagnosis.json of a run that goes on: what the doctor says, written at checkpoints and at the end."""

from __future__ import annotations

from pathlib import Path

from steadygan.diagnostics.consultation import consult, write_diagnosis
from steadygan.report.guarded import Guarded
from steadygan.run import layout
from steadygan.training.observers import Evaluation, Picture, Row, RunEnd, RunStart


class DiagnosisObserver:
    """Writes ``diagnosis.json`` wherever a checkpoint was saved, and at the end; a failure is a warning."""

    def __init__(self) -> None:
        self._guarded = Guarded("the diagnosis")
        self._folder: Path | None = None

    def started(self, start: RunStart) -> None:
        self._folder = start.folder

    def logged(self, row: Row) -> None: ...
    def evaluated(self, row: Evaluation) -> None: ...
    def pictured(self, picture: Picture) -> None: ...

    def saved(self, round_: int, path: Path) -> None:
        if self._folder is not None:
            self._write(self._folder)

    def ended(self, end: RunEnd) -> None:
        self._write(end.folder)

    def _write(self, folder: Path) -> None:
        if (folder / layout.SIGNALS).exists():
            self._guarded(lambda: write_diagnosis(consult(folder)))
