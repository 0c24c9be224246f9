"""How long a run has trained, and how fast it is."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Speed since the last logged row."""

    rounds: float
    """a second"""
    samples: float
    """a second"""


class Clock:
    """Seconds of training over all sessions, and the pace since the last logged row."""

    def __init__(self, before: float) -> None:
        self.before = before
        self.start = time.perf_counter()
        self.mark: tuple[float, int, int] | None = None

    def total(self) -> float:
        return self.before + time.perf_counter() - self.start

    def pace(self, rounds: int, samples: int) -> Pace | None:
        """None for the first row of a session, which warm-up would distort."""
        now, last = time.perf_counter(), self.mark
        self.mark = (now, rounds, samples)
        if last is None or rounds == last[1]:
            return None
        seconds = max(1e-9, now - last[0])
        return Pace((rounds - last[1]) / seconds, (samples - last[2]) / seconds)
