"""Training time and throughput of a run."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Pace:
    """Throughput since the last logged row."""

    rounds: float
    """per second"""
    samples: float
    """real samples per second"""
    waiting: float | None
    """fraction of the time that steps waited for data; None if the data is resident"""


class Clock:
    """Measures the training time over all sessions, and the throughput between logged rows."""

    def __init__(self, before: float) -> None:
        self.before = before
        self.start = time.perf_counter()
        self.mark: tuple[float, int, int, float] | None = None

    def total(self) -> float:
        """Seconds of training so far, over all sessions."""
        return self.before + time.perf_counter() - self.start

    def pace(self, rounds: int, samples: int, waited: float | None = None) -> Pace | None:
        """Throughput since the last call; None for the first call of a session, which warm-up would distort.

        Args:
            rounds: done so far
            samples: real samples seen so far
            waited: seconds of waiting for data so far
        """
        now, last = time.perf_counter(), self.mark
        self.mark = (now, rounds, samples, waited or 0.0)
        if last is None or rounds == last[1]:
            return None
        seconds = max(1e-9, now - last[0])
        waiting = None if waited is None else (waited - last[3]) / seconds
        return Pace((rounds - last[1]) / seconds, (samples - last[2]) / seconds, waiting)
