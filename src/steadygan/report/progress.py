"""What a run shows while it goes on: a live display in a terminal, plain lines anywhere else."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

from steadygan.report.lines import lines_path
from steadygan.report.pictures import picture_path
from steadygan.system.words import count, duration, number, visible
from steadygan.training.observers import Evaluation, Picture, Row, RunEnd, RunStart

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.live import Live

BETWEEN_LINES = 5.0
"""seconds between plain lines, at least; the first and the last are always shown"""
SHOWN = 3
"""generated lines of text that are shown"""


class ProgressObserver:
    """Shows the plan, how far a run is and how it ended, on a console or on standard output.

    console: a rich Console; None takes standard output. A console that is no terminal, or a dumb one, gets plain
    lines. An output that is closed or breaks ends the display, never the run.
    """

    def __init__(self, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._display: _Display | None = None

    def started(self, start: RunStart) -> None:
        self._display = _display_on(self._console, self._clock)
        with suppress(*BROKEN):
            self._display.open(start)

    def logged(self, row: Row) -> None:
        if self._display:
            with suppress(*BROKEN):
                self._display.show(row)

    def evaluated(self, row: Evaluation) -> None:
        if self._display:
            with suppress(*BROKEN):
                self._display.judge(row)

    def pictured(self, picture: Picture) -> None:
        if self._display:
            with suppress(*BROKEN):
                self._display.picture(picture)

    def saved(self, round_: int, path: Path) -> None: ...

    def ended(self, end: RunEnd) -> None:
        if self._display:
            with suppress(*BROKEN):
                self._display.close(end)
        self._display = None


BROKEN = (OSError, ValueError, SystemExit)
"""what a terminal that is gone, a closed stream, and rich (of a closed pipe) raise"""


class _Display(Protocol):
    def open(self, start: RunStart) -> None: ...
    def show(self, row: Row) -> None: ...
    def judge(self, row: Evaluation) -> None: ...
    def picture(self, picture: Picture) -> None: ...
    def close(self, end: RunEnd) -> None: ...


def _display_on(console: Console | None, clock: Callable[[], float]) -> _Display:
    if console is None:
        stream = sys.stdout
        if stream is None or stream.closed or not stream.isatty():  # None: a Windows program without a console
            return PlainLines(stream, clock)
        from rich.console import Console

        console = Console()
    plain = not console.is_terminal or console.is_dumb_terminal
    if plain or not console.encoding.lower().startswith("utf"):
        return PlainLines(console.file, clock)
    return LivePanel(console, clock)


def progress_line(row: Row, rounds: int) -> str:
    """One row for people, as far as its fields go.

    ``round 500/2000  critic -1.23  W 1.20 (held-out 1.18)  12.3k samples/s  2 min left``
    """
    parts = [f"round {row['round']}/{rounds}", *(f"{name} {value}" for name, value in losses(row))]
    if speed := row.get("samples_per_second"):  # 0 or nothing: not known yet
        parts.append(f"{count(speed)} samples/s")
    if (left := row.get("seconds_left")) and math.isfinite(left):
        parts.append(f"{duration(left)} left")
    return "  ".join(parts)


def losses(row: Row) -> list[tuple[str, str]]:
    """The critic's loss, and the Wasserstein estimate or, without one, the generator's loss."""
    said = []
    if "critic_loss" in row:
        said.append(("critic", number(row["critic_loss"])))
    if "wasserstein" in row:
        held_out = row.get("wasserstein_held_out")
        also = "" if held_out is None else f" (held-out {number(held_out)})"
        said.append(("W", number(row["wasserstein"]) + also))
    elif "generator_loss" in row:
        said.append(("generator", number(row["generator_loss"])))
    return said


def judged(row: Evaluation) -> str:
    """What an evaluation says: ``frechet 12.3 (patches)``; without numbers nothing."""
    judge = str(row.get("judge", ""))
    value, features = row.get(judge), row.get("features")
    if not isinstance(value, int | float):
        return ""
    return f"{judge} {number(value)}" + (f" ({features})" if features else "")


def some_lines(picture: Picture) -> list[str]:
    """The first generated lines of text, as a terminal can take them; none of pictures and points."""
    return [visible(line) for line in (picture.lines or ())[:SHOWN]]


def end_line(end: RunEnd, seconds: float) -> str:
    """The one line that says how a run ended."""
    if end.reason == "finished":
        return f"finished: {end.rounds} rounds in {duration(seconds)}"
    if end.reason == "interrupted":
        return f"interrupted at round {end.round}/{end.rounds}; to go on: steadygan resume {end.folder}"
    return f"stopped at round {end.round}/{end.rounds}: {end.reason}"


class PlainLines:
    """Lines of one stable form, for files, pipes and terminals that know no cursor."""

    def __init__(self, stream: IO[str] | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._rounds = 0
        self._judged = ""
        self._lines: list[str] = []
        self._began = self._next = clock()
        self._waiting: Row | None = None

    def open(self, start: RunStart) -> None:
        self._rounds = start.rounds
        for line in start.plan:
            self._print(line)

    def show(self, row: Row) -> None:
        self._waiting = row
        if self._clock() >= self._next:
            self._print_waiting()

    def judge(self, row: Evaluation) -> None:
        self._judged = judged(row)

    def picture(self, picture: Picture) -> None:
        self._lines = some_lines(picture)

    def close(self, end: RunEnd) -> None:
        self._print_waiting()
        for line in end.closing:
            self._print(line)
        self._print(end_line(end, self._clock() - self._began))

    def _print_waiting(self) -> None:
        if self._waiting is not None:
            line = progress_line(self._waiting, self._rounds)
            self._print(f"{line}  {self._judged}" if self._judged else line)
            for text in self._lines:
                self._print(f"  {text}")
            self._waiting, self._judged, self._lines = None, "", []
            self._next = self._clock() + BETWEEN_LINES

    def _print(self, line: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(line + "\n")
        except UnicodeEncodeError:  # a name that an old code page cannot say
            self._stream.write(line.encode("ascii", "replace").decode("ascii") + "\n")
        self._stream.flush()


class LivePanel:
    """A few lines at the foot of a terminal that keep up with the run."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._start: RunStart | None = None
        self._row: Row = {}
        self._row_at = 0.0
        self._judged = ""
        self._picture: Path | None = None
        self._lines: list[str] = []
        self._began = clock()
        self._live: Live | None = None
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    def open(self, start: RunStart) -> None:
        from rich.live import Live

        self._start = start
        for line in start.plan:
            self._console.print(line, style="dim", markup=False, highlight=False, soft_wrap=True)
        self._live = Live(self._draw(), console=self._console, auto_refresh=False, transient=False)
        self._live.start()
        self._console.show_cursor(True)  # a killed process cannot bring a hidden cursor back
        # a thread of our own, so that the clock moves between rows: rich's would die loudly with its terminal
        self._thread = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._thread.start()

    def show(self, row: Row) -> None:
        self._row, self._row_at = row, self._clock()

    def judge(self, row: Evaluation) -> None:
        self._judged = f"{judged(row)} at round {row['round']:,}"

    def picture(self, picture: Picture) -> None:
        self._lines = some_lines(picture)
        self._picture = (picture_path if picture.lines is None else lines_path)(picture.folder, picture.round)

    def close(self, end: RunEnd) -> None:
        self._over.set()
        if self._thread:
            self._thread.join(timeout=1.0)
        if self._live:
            self._live.update(self._draw(), refresh=True)
            self._live.stop()
        for line in end.closing:
            self._console.print(line, markup=False, highlight=False, soft_wrap=True)
        style = {"finished": "bold green", "interrupted": "bold yellow"}.get(end.reason, "bold red")
        line = end_line(end, self._clock() - self._began)
        self._console.print(line, style=style, markup=False, highlight=False, soft_wrap=True)

    def _tick(self) -> None:
        with suppress(*BROKEN):
            while not self._over.wait(0.25):
                if self._live:
                    self._live.update(self._draw(), refresh=True)

    def _draw(self) -> RenderableType:
        from rich.console import Group
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        assert self._start is not None
        row, rounds = self._row, self._start.rounds
        done = int(row.get("round", self._start.round))
        head = Table.grid(padding=(0, 1), expand=True)
        head.add_column(no_wrap=True)
        head.add_column(ratio=1)
        head.add_column(no_wrap=True, justify="right")
        head.add_row(
            Text(f"round {done:,}/{rounds:,}", style="bold"),
            ProgressBar(total=max(rounds, 1), completed=done),
            Text(self._times(row), style="cyan"),
        )
        said = [f"{name} {value}" for name, value in losses(row)]
        if "wasserstein" in row and "generator_loss" in row:
            said.append(f"generator {number(row['generator_loss'])}")
        if speed := row.get("samples_per_second"):
            said.append(f"{count(speed)} samples/s")
        lines: list[RenderableType] = [head]
        if self._judged:
            said.append(self._judged)
        lines.append(Text("   ".join(said) or "the first rounds ...", no_wrap=True, overflow="crop"))
        lines += [Text(f"  {line}", no_wrap=True, overflow="crop") for line in self._lines]
        if self._picture:
            what = "lines" if self._lines else "picture"
            lines.append(Text(f"{what} {self._picture}", style="dim", no_wrap=True, overflow="crop"))
        return Group(*lines)

    def _times(self, row: Row) -> str:
        now = self._clock()
        gone, left = duration(now - self._began), row.get("seconds_left")
        if not left or not math.isfinite(left):
            return gone
        return f"{gone}, {duration(left - (now - self._row_at))} left"
