"""The progress of a run: a live panel in a terminal, a bar in a notebook, plain lines anywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from steadygan.report.progress_lines import BROKEN, PlainLines
from steadygan.system import notebook, progress
from steadygan.system.graphics import choice as graphics
from steadygan.system.terminal import console as safe_console
from steadygan.system.terminal import moves_cursor
from steadygan.training.observers import Evaluation, Picture, Row, RunEnd, RunStart

if TYPE_CHECKING:
    from rich.console import Console


class ProgressObserver:
    """Shows the plan, the progress and the end of a run, on a console or on standard output.

    console: a rich Console; None takes standard output. A console that is no terminal, or a dumb one, gets plain
    lines. An output that is closed or breaks ends the display, never the run.
    ends_interrupted: True if the end of an interrupted run is a line here too; the command has one of its own
    pictures: how the newest samples are drawn in a terminal; 'none': they are not
    """

    def __init__(
        self,
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
        *,
        ends_interrupted: bool = True,
        pictures: graphics.Protocol = "none",
    ) -> None:
        self._pictures: graphics.Protocol = pictures
        self._console = console
        self._ends_interrupted = ends_interrupted
        self._clock = clock
        self._display: _Display | None = None
        self._silence: AbstractContextManager[None] | None = None

    def preparing(self, line: str) -> None:
        """Prints a line on what happens before the first round, or between sessions."""
        with suppress(*BROKEN):
            stream = sys.stdout if self._console is None else self._console.file
            if stream is not None and not stream.closed:
                print(line, file=stream, flush=True)

    def started(self, start: RunStart) -> None:
        self._silence = progress.listening(None)  # the display shows it all
        self._silence.__enter__()
        self._display = _display_on(self._console, self._clock, self._pictures)
        with suppress(*BROKEN):
            self._display.open(start)

    def logged(self, row: Row) -> None:
        if self._display:
            with suppress(*BROKEN):
                self._display.show(row)

    def evaluated(self, row: Evaluation) -> None:
        if self._display:
            with suppress(*BROKEN):
                self._display.evaluated(row)

    def pictured(self, picture: Picture) -> None:
        if self._display:
            with suppress(*BROKEN):
                self._display.picture(picture)

    def saved(self, round_: int, path: Path) -> None: ...

    def replanned(self, rounds: int, line: str) -> None:
        """Shows another length of the run, with the line that says why; an empty one is not shown."""
        if self._display:
            with suppress(*BROKEN):
                self._display.replanned(rounds, line)

    def looked(self, row: Mapping[str, float | int | str]) -> None:
        """Takes a look of the doctor, of whose diagnosis a line is shown."""
        if self._display:
            with suppress(*BROKEN):
                self._display.looked(row)

    def put_away(self) -> None:
        """Ends the display of a run that stopped without ``ended``, and says nothing."""
        if self._display:
            with suppress(*BROKEN):
                self._display.put_away()
        self._display = None

    def ended(self, end: RunEnd) -> None:
        if self._display:
            with suppress(*BROKEN):
                self._display.close(end, last=self._ends_interrupted or end.reason != "interrupted")
        self._display = None
        if self._silence is not None:
            self._silence.__exit__(None, None, None)
            self._silence = None


class _Display(Protocol):
    def open(self, start: RunStart) -> None: ...
    def show(self, row: Row) -> None: ...
    def evaluated(self, row: Evaluation) -> None: ...
    def picture(self, picture: Picture) -> None: ...
    def looked(self, row: Mapping[str, float | int | str]) -> None: ...
    def replanned(self, rounds: int, line: str) -> None: ...
    def put_away(self) -> None: ...
    def close(self, end: RunEnd, *, last: bool = True) -> None: ...


def _display_on(console: Console | None, clock: Callable[[], float], pictures: graphics.Protocol) -> _Display:
    if console is None:
        if notebook.in_notebook():
            from steadygan.report.notebook_panel import NotebookPanel

            return NotebookPanel(clock)
        stream = sys.stdout
        if not moves_cursor(stream):  # None: a Windows program without a console
            return PlainLines(stream, clock)
        console = safe_console()
    plain = not console.is_terminal or console.is_dumb_terminal
    if plain or not console.encoding.lower().startswith("utf"):
        return PlainLines(console.file, clock)
    from steadygan.report.live_panel import LivePanel  # rich loads slowly

    return LivePanel(console, clock, pictures)
