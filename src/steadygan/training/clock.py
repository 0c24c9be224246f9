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
    waiting: float | None
    """share of the time that steps waited for data; None where it is not read while they run"""


class Clock:
    """Seconds of training over all sessions, and the pace since the last logged row."""

    def __init__(self, before: float) -> None:
        self.before = before
        self.start = time.perf_counter()
        self.mark: tuple[float, int, int, float] | None = None

    def total(self) -> float:
        return self.before + time.perf_counter() - self.start

    def pace(self, rounds: int, samples: int, waited: float | None = None) -> Pace | None:
        """None for the first row of a session, which warm-up would distort.

        Args:
            rounds: done so far
            samples: seen so far
            waited: seconds that were waited for data so far
        """
        now, last = time.perf_counter(), self.mark
        self.mark = (now, rounds, samples, waited or 0.0)
        if last is None or rounds == last[1]:
            return None
        seconds = max(1e-9, now - last[0])
        waiting = None if waited is None else (waited - last[3]) / seconds
        return Pace((rounds - last[1]) / seconds, (samples - last[2]) / seconds, waiting)
