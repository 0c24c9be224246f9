"""The progress of a run in a notebook: a bar with numbers below it, and the newest samples, replaced in place."""

from __future__ import annotations

import html
import time
from collections.abc import Callable, Mapping

from steadygan.report.progress_lines import BETWEEN_LINES, closing_line, end_line, evaluation_text, progress_line
from steadygan.report.watch import Watch
from steadygan.run.notebook import newest_samples
from steadygan.system import notebook
from steadygan.training.observers import Evaluation, Picture, Row, RunEnd, RunStart

BETWEEN = BETWEEN_LINES / 10
"""least seconds between two bars; each is a message to the browser"""


class NotebookPanel:
    """Shows a run in the output of the cell that trains it; a front end without HTML shows the last line as text."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._bar, self._samples = notebook.Output(), notebook.Output()
        self._watch: Watch | None = None
        self._rounds = self._round = 0
        self._what = "samples"
        self._line = self._evaluation = ""
        self._began = self._next = clock()
        self._pictured: Picture | None = None

    def open(self, start: RunStart) -> None:
        self._rounds, self._round = start.rounds, start.round
        self._what = "images" if start.sample.is_image else "samples"
        self._watch = Watch(start)
        for line in start.plan:
            print(line)
        self._draw()

    def show(self, row: Row) -> None:
        self._round = int(row["round"])
        self._line = progress_line(row, self._rounds, self._clock() - self._began)
        if self._watch:
            self._watch.logged(row)
        if self._clock() >= self._next:
            self._next = self._clock() + BETWEEN
            self._draw()
            self._draw_samples()

    def evaluated(self, row: Evaluation) -> None:
        self._evaluation = f"{evaluation_text(row)} at round {row['round']:,}"

    def picture(self, picture: Picture) -> None:
        if self._watch:
            self._watch.pictured(picture)
        self._pictured = picture  # its file is written after this

    def looked(self, row: Mapping[str, float | int | str]) -> None:
        if self._watch:
            self._watch.looked(row)

    def replanned(self, rounds: int, line: str) -> None:
        self._rounds = rounds
        if line:
            print(line)

    def put_away(self) -> None: ...

    def close(self, end: RunEnd, *, last: bool = True) -> None:
        self._draw_samples()
        lines = list(end.closing)
        if self._watch and self._watch.verdicts.diagnosis is not None:
            lines.append(closing_line(self._watch.verdicts, end))
        self._round, self._rounds = end.round, end.rounds
        self._draw(*lines, end_line(end, self._clock() - self._began))

    def _draw(self, *closing: str) -> None:
        judged = self._watch.judgement(self._what) if self._watch and self._line and not closing else ""
        lines = [self._line or "the first rounds ...", self._evaluation, judged, *closing]
        share = f"{self._round:,} of {self._rounds:,}"
        bar = f"<progress style='width:100%' value='{self._round}' max='{self._rounds}'>{html.escape(share)}</progress>"
        self._bar.show(bar + notebook.text(line for line in lines if line))

    def _draw_samples(self) -> None:
        if self._pictured is None:
            return
        shown = newest_samples(self._pictured.folder)
        self._pictured = None
        if shown:
            self._samples.show(shown)
