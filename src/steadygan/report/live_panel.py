"""The progress of a run as a live panel at the foot of a terminal."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column
from rich.text import Text

from steadygan.report.panel_pictures import PanelPictures
from steadygan.report.progress_lines import BROKEN, GAPS, closing_line, end_line, evaluation_text, losses, some_lines
from steadygan.report.watch import Watch
from steadygan.run.layout import lines_path, picture_path
from steadygan.system.graphics.choice import Protocol
from steadygan.system.terminal import safe
from steadygan.system.words import count, duration, number, wrapped
from steadygan.training.observers import Evaluation, Picture, Row, RunEnd, RunStart
from steadygan.training.signals import StopSignals

NARROW = 64
"""columns below which the times have a line of their own"""


class LivePanel:
    """A bar of the rounds with losses, speed, a judgement and the last sample's file below it, kept up to date.

    pictures: how the newest samples are drawn above it; 'none': they are not
    """

    def __init__(
        self, console: Console, clock: Callable[[], float] = time.monotonic, pictures: Protocol = "none"
    ) -> None:
        self._console = console
        self._protocol: Protocol = "none" if console.legacy_windows else pictures
        self._pictures: PanelPictures | None = None
        self._watch: Watch | None = None
        self._what = "samples"
        self._batch: int | None = None
        self._clock = clock
        self._row: Row = {}
        self._row_at = 0.0
        self._evaluation = ""
        self._picture: Path | None = None
        self._lines: list[str] = []
        self._began = clock()
        self._bar: _RoundsBar | None = None
        self._narrow = False
        self._task = TaskID(0)
        self._thread: threading.Thread | None = None
        self._over = threading.Event()

    def open(self, start: RunStart) -> None:
        for line in start.plan:
            self._print(line, "dim")
        self._watch = Watch(start)
        self._batch = start.batch
        self._what = "images" if start.sample.is_image else "samples"
        rounds = TextColumn("round {task.completed:,}/{task.total:,}", style="bold", markup=False)
        bar = BarColumn(bar_width=None, table_column=Column(ratio=1))
        times = TextColumn("{task.fields[times]}", style="cyan", markup=False)
        self._narrow = self._console.width < NARROW
        self._bar = _RoundsBar(
            *((rounds, bar) if self._narrow else (rounds, bar, times)),
            console=self._console,
            auto_refresh=False,
            expand=True,
        )
        self._task = self._bar.add_task("", total=start.rounds, completed=start.round, times="")
        self._refresh(self._bar)
        self._bar.start()
        if self._protocol != "none":
            self._pictures = PanelPictures(self._console, self._protocol)
            self._console.push_render_hook(self._pictures)
        self._console.show_cursor(True)  # a killed process cannot bring a hidden cursor back
        # a thread of our own, so that the clock moves between rows: rich's prints a traceback if its terminal goes away
        self._thread = threading.Thread(target=self._tick, name="progress", daemon=True)
        self._thread.start()

    def show(self, row: Row) -> None:
        self._row, self._row_at = row, self._clock()
        if self._watch:
            self._watch.logged(row)

    def evaluated(self, row: Evaluation) -> None:
        self._evaluation = f"{evaluation_text(row)} at round {row['round']:,}"

    def picture(self, picture: Picture) -> None:
        if self._watch:
            self._watch.pictured(picture)
        if self._pictures:
            self._pictures.show(picture)
        self._lines = some_lines(picture)
        self._picture = (picture_path if picture.lines is None else lines_path)(picture.folder, picture.round)

    def looked(self, row: Mapping[str, float | int | str]) -> None:
        if self._watch:
            self._watch.looked(row)

    def replanned(self, rounds: int, line: str) -> None:
        if self._bar:
            self._bar.update(self._task, total=rounds)
            if line:
                self._print(line, "dim")

    def put_away(self) -> None:
        self._over.set()
        if self._thread:
            self._thread.join(timeout=1.0)
        if self._bar:
            self._refresh(self._bar)
            if self._pictures:  # before the display's own hook, which is the next to be taken away
                self._console.pop_render_hook()
                self._pictures = None
            self._bar.stop()

    def close(self, end: RunEnd, *, last: bool = True) -> None:
        self.put_away()
        for line in end.closing:
            self._print(line)
        if self._watch and self._watch.verdicts.diagnosis is not None:
            self._print(closing_line(self._watch.verdicts, end))
        if not last:
            return
        style = {"finished": "bold green", "interrupted": "bold yellow"}.get(end.reason, "bold red")
        self._print(end_line(end, self._clock() - self._began), style)

    def _print(self, line: str, style: str | None = None) -> None:
        """Prints a line, broken between words."""
        for part in wrapped(safe(line), self._console.width):
            self._console.print(part, style=style, markup=False, highlight=False, soft_wrap=True)

    def _tick(self) -> None:
        with suppress(*BROKEN):
            while not self._over.wait(0.25):
                if self._bar:
                    self._refresh(self._bar)

    def _seen(self, row: Row) -> list[str]:
        """The real samples that the critic saw so far, and in a second; some losses show others to the generator."""
        drawn = row.get("samples")
        if not drawn:
            return []
        critics = row["critic_steps"] * self._batch if self._batch and row.get("critic_steps") else drawn
        speed = row.get("samples_per_second", 0.0) * critics / drawn
        return [f"{int(critics):,} {self._what} seen", *([f"{count(speed)} {self._what}/s"] if speed else [])]

    def _refresh(self, bar: _RoundsBar) -> None:
        row = self._row
        numbers = [f"{name} {value}" for name, value in losses(row)]
        if "generator_loss" in row and any(field in row for field in GAPS):
            numbers.append(f"generator {number(row['generator_loss'])}")
        if self._evaluation:
            numbers.append(self._evaluation)
        seen = self._seen(row)
        judged = self._watch.judgement(self._what) if self._watch and row else ""
        below = [
            *([_cropped(self._times(row), "cyan")] if self._narrow else []),
            _cropped("   ".join(numbers) or "the first rounds ..."),
            *([_cropped("   ".join(seen))] if seen else []),
            *([_cropped(judged, "bold")] if judged else []),
            *(_cropped(f"  {line}") for line in self._lines),
        ]
        if self._picture:
            below.append(_cropped(f"{'lines' if self._lines else 'picture'} {self._picture}", "dim"))
        bar.below = tuple(below)
        bar.update(self._task, completed=row.get("round"), times=self._times(row))
        bar.refresh()

    def _times(self, row: Row) -> str:
        now = self._clock()
        gone, left = f"elapsed {duration(now - self._began)}", row.get("seconds_left")
        if StopSignals.last is not None:
            return f"{gone}, stopping after this round"
        if not left or not math.isfinite(left):
            return gone
        return f"{gone}, left {duration(left - (now - self._row_at))}"


class _RoundsBar(Progress):
    """rich's progress bar with further lines below it."""

    below: tuple[RenderableType, ...] = ()

    def get_renderables(self) -> Iterable[RenderableType]:
        yield from super().get_renderables()
        yield from self.below


def _cropped(text: str, style: str = "") -> Text:
    """A line that is cut at the terminal's edge."""
    return Text(safe(text), style=style, no_wrap=True, overflow="crop")
