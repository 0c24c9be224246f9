"""The status line of a command: what long work is at, how much of it is done, and the time elapsed and left."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from steadygan.cli import verbosity
from steadygan.system import progress, terminal
from steadygan.system.words import duration, shortened

FIRST, BETWEEN = 0.5, 0.1
"""seconds before a status is shown, and between two of them"""
LINES = 2.0
"""seconds between lines under --verbose where no status line can be drawn"""
_ERASE = "\r\x1b[K"


class Status:
    """Shows progress as one line on standard error that is drawn over and over, and removed at the end.

    Anything else that is printed meanwhile stands above it. On what is no terminal nothing is shown, or a line now and
    then under ``--verbose``.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._stream = sys.stderr
        self._draws = not verbosity.quiet() and terminal.moves_cursor(terminal.raw_of(sys.stderr))
        self._lines = verbosity.verbose() and not self._draws
        self._what, self._began = "", clock()
        self._next = self._began + (FIRST if self._draws else 0.0)
        self._shown = False

    def __call__(self, what: str, done: int, total: int, left: float | None = None, /) -> None:
        now = self._clock()
        if what != self._what:
            self._what, self._began = what, now
            self._next = now if self._lines or self._shown else now + FIRST
        if now < self._next or not (self._draws or self._lines):
            return
        line = status_line(what, done, total, now - self._began, left)
        if self._lines:
            self._next = now + LINES
            print(f"steadygan: {line}", file=self._stream, flush=True)
            return
        self._next = now + BETWEEN
        raw = terminal.raw_of(self._stream)
        raw.write(_ERASE + shortened(terminal.safe(line), terminal.width_of(raw) - 1))
        raw.flush()
        self._shown = True

    def remove(self) -> None:
        """Removes the line from the terminal."""
        if self._shown:
            self._shown = False
            raw = terminal.raw_of(self._stream)
            with contextlib.suppress(OSError, ValueError):
                raw.write(_ERASE)
                raw.flush()


@contextlib.contextmanager
def shown() -> Iterator[None]:
    """Shows the progress of the work in the block."""
    status = Status()
    outputs = [stream for stream in (sys.stdout, sys.stderr) if isinstance(stream, terminal.Output)]
    for output in outputs:
        output.before = status.remove
    try:
        with progress.listening(status):
            yield
    finally:
        status.remove()
        for output in outputs:
            output.before = None


def status_line(what: str, done: int, total: int, seconds: float, left: float | None = None) -> str:
    """``drawing samples: 2,048 of 10,000 (20%), elapsed 3 s, left 12 s``; the time left by the steps, unless given."""
    parts = [what]
    if total:
        parts = [f"{what}: {done:,} of {total:,} ({100 * done // total}%)"]
    elif done:
        parts = [f"{what}: {done:,}"]
    parts.append(f"elapsed {duration(seconds)}")
    if left is None and total and 0 < done < total:
        left = seconds * (total - done) / done
    if left is not None:
        parts.append(f"left {duration(left)}")
    return ", ".join(parts)
