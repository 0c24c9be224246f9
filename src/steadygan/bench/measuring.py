"""Timing in turn: every side of a comparison is measured in the same repeats, so that a slow minute hits all."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch

from steadygan.errors import UsageError
from steadygan.training.speed import restored_threads

Round = Callable[[], None]
"""Trains for one round, or does whatever else is timed."""
Measured = Callable[[int], float]
"""Runs some rounds, and gives the mean seconds of one."""
Clock = Literal["wall", "cpu"]

STEADY = 1.5
"""slowest over fastest repeat: beyond this something else was using the device"""


@dataclass(frozen=True)
class Timing:
    """Seconds of one round over all repeats."""

    median: float
    fastest: float
    slowest: float

    @property
    def disturbed(self) -> bool:
        """Were the repeats so unlike that something else seems to have run?"""
        return self.slowest > STEADY * self.fastest


@dataclass(frozen=True)
class Timed:
    """The repeats of one side."""

    first: float
    """seconds of the very first round, with compiling or recording"""
    times: tuple[float, ...]
    """seconds of a round, one for each repeat"""

    @property
    def timing(self) -> Timing:
        return Timing(statistics.median(self.times), min(self.times), max(self.times))


@dataclass(frozen=True)
class Watch:
    """How seconds are counted."""

    device: torch.device
    clock: Clock = "wall"

    def __post_init__(self) -> None:
        if self.clock == "cpu" and self.device.type != "cpu":
            raise UsageError(f"--clock cpu counts the processor's time, and the device is {self.device.type}: use wall")

    def now(self) -> float:
        """Seconds since some moment, when the device has done what it was told; by the clock 'cpu' of all threads."""
        wait(self.device)
        return time.process_time() if self.clock == "cpu" else time.perf_counter()

    def seconds(self, run: Round, rounds: int = 1) -> float:
        """The mean over some rounds."""
        start = self.now()
        for _ in range(rounds):
            run()
        return (self.now() - start) / rounds

    def on(self, run: Round, threads: int | None = None) -> Measured:
        """What measures a round in this process, on so many CPU threads or on those that torch has then."""
        if threads is None:
            return partial(self.seconds, run)

        def seconds(rounds: int) -> float:
            with restored_threads(threads):
                return self.seconds(run, rounds)

        return seconds


def wait(device: torch.device) -> None:
    """Until the device has done what it was told."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


def interleaved(sides: Mapping[str, Measured], repeats: int, seconds: float) -> dict[str, Timed]:
    """Each side measured in turn; every other repeat goes backwards.

    Args:
        sides: by name; each is run twice before
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
    """How many times as long theirs take: by the medians, and the range over neighbouring measurements."""
    each = [one / other for one, other in zip(theirs, ours, strict=True)]
    return statistics.median(theirs) / statistics.median(ours), (min(each), max(each))
