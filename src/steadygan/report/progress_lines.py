"""The progress of a run as lines of text: one a logged row, and how the run ended."""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import Callable, Mapping
from typing import IO

from steadygan.report.verdicts import Verdicts
from steadygan.system.terminal import safe
from steadygan.system.words import count, counted, duration, number, visible
from steadygan.training.observers import Evaluation, Picture, Row, RunEnd, RunStart

BETWEEN_LINES = 5.0
"""least seconds between plain lines; the first and the last are always shown"""
SHOWN = 3
"""generated lines of text that are shown"""
BROKEN = (OSError, ValueError, SystemExit)
"""raised for a terminal that is gone, for a closed stream, and by rich for a closed pipe"""


def progress_line(row: Row, rounds: int, elapsed: float | None = None) -> str:
    """One row, as far as its fields go.

    ``round 500/2000  critic -1.23  W 1.20 (held-out 1.18)  12.3k samples/s  elapsed 40 s  left 2 min``

    elapsed: seconds since the session began
    """
    parts = [f"round {row['round']}/{rounds}", *(f"{name} {value}" for name, value in losses(row))]
    if speed := row.get("samples_per_second"):  # missing or 0: not known yet
        parts.append(f"{count(speed)} samples/s")
    if elapsed is not None:
        parts.append(f"elapsed {duration(elapsed)}")
    if (left := row.get("seconds_left")) and math.isfinite(left):
        parts.append(f"left {duration(left)}")
    return "  ".join(parts)


GAPS = {"wasserstein": "W", "score_gap": "score gap"}
"""the critic's mean score on real minus generated samples: an estimate of the Wasserstein distance, or none"""


def losses(row: Row) -> list[tuple[str, str]]:
    """The critic's loss, and the Wasserstein estimate or score gap; without either, the generator's loss."""
    named = []
    if "critic_loss" in row:
        named.append(("critic", number(row["critic_loss"])))
    gap = next((field for field in GAPS if field in row), None)
    if gap is not None:
        held_out = row.get(f"{gap}_held_out")  # by the same critic as ``_train``
        also = "" if held_out is None else f" (held-out {number(held_out)})"
        named.append((GAPS[gap], number(row.get(f"{gap}_train", row[gap])) + also))
    elif "generator_loss" in row:
        named.append(("generator", number(row["generator_loss"])))
    return named


def evaluation_text(row: Evaluation) -> str:
    """The distance that an evaluation is judged by: ``frechet 12.3 (patches)``; '' if it has none."""
    judge = str(row.get("judge", ""))
    value, features = row.get(judge), row.get("features")
    if not isinstance(value, int | float):
        return ""
    return f"{judge} {number(value)}" + (f" ({features})" if features else "")


def some_lines(picture: Picture) -> list[str]:
    """The first generated lines of text, without control characters; none for pictures and points."""
    return [visible(line) for line in (picture.lines or ())[:SHOWN]]


def end_line(end: RunEnd, seconds: float) -> str:
    """How a run ended, in one line."""
    if end.reason == "finished":
        return f"finished: {counted(end.rounds, 'round')} in {duration(seconds)}"
    if end.reason == "interrupted":
        return f"interrupted at round {end.round}/{end.rounds}; to go on: steadygan resume {end.folder}"
    return f"stopped at round {end.round}/{end.rounds}: {end.reason}"


def closing_line(verdicts: Verdicts, end: RunEnd) -> str:
    """What the doctor said last, with the command that says more of a fault."""
    assert verdicts.diagnosis is not None
    more = f"; what to change: steadygan diagnose {shlex.quote(str(end.folder))}" if verdicts.diagnosis.sick else ""
    return f"diagnosis: {verdicts.line}{more}"


class PlainLines:
    """Progress as plain lines of a stable form, for files, pipes and terminals without cursor control."""

    def __init__(self, stream: IO[str] | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._rounds = 0
        self._evaluation = ""
        self._lines: list[str] = []
        self._began = self._next = clock()
        self._waiting: Row | None = None
        self._verdicts = Verdicts()

    def open(self, start: RunStart) -> None:
        self._rounds = start.rounds
        self._verdicts = Verdicts(start)
        for line in start.plan:
            self._print(line)

    def show(self, row: Row) -> None:
        self._waiting = row
        if self._clock() >= self._next:
            self._print_waiting()

    def evaluated(self, row: Evaluation) -> None:
        self._evaluation = evaluation_text(row)

    def picture(self, picture: Picture) -> None:
        self._lines = some_lines(picture)

    def looked(self, row: Mapping[str, float | int | str]) -> None:
        self._verdicts.looked(row)

    def replanned(self, rounds: int, line: str) -> None:
        self._rounds = rounds
        if line:
            self._print(line)

    def put_away(self) -> None: ...

    def close(self, end: RunEnd, *, last: bool = True) -> None:
        self._print_waiting()
        for line in end.closing:
            self._print(line)
        if self._verdicts.diagnosis is not None:
            self._print(closing_line(self._verdicts, end))
        if last:
            self._print(end_line(end, self._clock() - self._began))

    def _print_waiting(self) -> None:
        if self._waiting is not None:
            line = progress_line(self._waiting, self._rounds, self._clock() - self._began)
            self._print(f"{line}  {self._evaluation}" if self._evaluation else line)
            for text in self._lines:
                self._print(f"  {text}")
            if news := self._verdicts.news():
                self._print(f"  diagnosis: {news}")
            self._waiting, self._evaluation, self._lines = None, "", []
            self._next = self._clock() + BETWEEN_LINES

    def _print(self, line: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(safe(line) + "\n")
        except UnicodeEncodeError:  # a name with characters that an old code page lacks
            self._stream.write(line.encode("ascii", "replace").decode("ascii") + "\n")
        self._stream.flush()
