"""Interleaved timing: each repeat measures every side of a comparison, so that a slow minute hits all alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch

from steadygan.errors import UsageError
from steadygan.system.threads import restored_threads
from steadygan.training.planning.speed import synchronize

Round = Callable[[], None]
"""What is timed: one training round, usually."""
Measured = Callable[[int], float]
"""Runs a number of rounds; returns the mean seconds of one."""
Clock = Literal["wall", "cpu"]

STEADY = 1.5
"""slowest over fastest repeat above which a measurement counts as disturbed"""


@dataclass(frozen=True)
class Timing:
    """Median and range of the seconds of a round over the repeats."""

    median: float
    fastest: float
    slowest: float

    @property
    def disturbed(self) -> bool:
        """True if the repeats differ so much that another process seems to have used the device."""
        return self.slowest > STEADY * self.fastest


@dataclass(frozen=True)
class Timed:
    """The repeats of one side."""

    first: float
    """seconds of the first round, compiling or recording included"""
    times: tuple[float, ...]
    """seconds of a round in each repeat"""

    @property
    def timing(self) -> Timing:
        return Timing(statistics.median(self.times), min(self.times), max(self.times))


@dataclass(frozen=True)
class Watch:
    """A clock that waits for the device."""

    device: torch.device
    clock: Clock = "wall"

    def __post_init__(self) -> None:
        if self.clock == "cpu" and self.device.type != "cpu":
            raise UsageError(f"--clock cpu counts the processor's time, and the device is {self.device.type}: use wall")

    def now(self) -> float:
        """Seconds since some moment, once the device is idle; of the clock 'cpu', CPU seconds over all threads."""
        synchronize(self.device)
        return time.process_time() if self.clock == "cpu" else time.perf_counter()

    def seconds(self, run: Round, rounds: int = 1) -> float:
        """Mean seconds of a round."""
        start = self.now()
        for _ in range(rounds):
            run()
        return (self.now() - start) / rounds

    def on(self, run: Round, threads: int | None = None) -> Measured:
        """A function that times a round in this process, on ``threads`` CPU threads (None: torch's current number)."""
        if threads is None:
            return partial(self.seconds, run)

        def seconds(rounds: int) -> float:
            with restored_threads(threads):
                return self.seconds(run, rounds)

        return seconds


def interleaved(sides: Mapping[str, Measured], repeats: int, seconds: float) -> dict[str, Timed]:
    """The times of all sides, measured in turn; every second repeat goes backwards.

    Args:
        sides: by name; each runs two rounds as a warm-up
        repeats: of all sides
        seconds: of one measurement, at least one round
    """
    first, counts = {}, {}
    for name, measured in sides.items():
        first[name] = measured(1)
        counts[name] = max(1, round(seconds / max(measured(1), 1e-9)))
    times: dict[str, list[float]] = {name: [] for name in sides}
    for repeat in range(repeats):
        for name in sides if repeat % 2 == 0 else reversed(list(sides)):
            times[name].append(sides[name](counts[name]))
    return {name: Timed(first[name], tuple(times[name])) for name in sides}


def ratios(theirs: Sequence[float], ours: Sequence[float]) -> tuple[float, tuple[float, float]]:
    """The ratio of the medians, theirs over ours, and the range of ratios within the repeats."""
    each = [one / other for one, other in zip(theirs, ours, strict=True)]
    return statistics.median(theirs) / statistics.median(ours), (min(each), max(each))
