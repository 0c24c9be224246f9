"""Sags of a run's speed, by the times in its record: stretches that took far longer than steps usually do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from steadygan.diagnostics.signals.throughput import throughput

BELOW = 0.5
"""of the usual speed: a sag"""
TOLD = 0.05
"""of the run's time lost in sags: less is not worth a line"""
_FEWEST = 8  # intervals


class Pace(NamedTuple):
    """What sags cost a run."""

    lost: float
    """share of its time that sags took beyond the usual speed"""
    slowest: float
    """of the usual speed, in a sag"""
    first: int
    """round at which the first sag begins"""
    last: int
    """round at which the last one ends"""

    def __str__(self) -> str:
        return (
            f"speed: {100 * self.lost:.0f}% of the time was lost between rounds {self.first:,} and {self.last:,}, "
            f"where steps ran at down to {self.slowest:.2g} of their usual speed: look for other work on the machine, "
            "slow storage or heat"
        )


def sagging(metrics: Sequence[Mapping[str, Any]], busy: Iterable[int] = ()) -> Pace | None:
    """Where a run sagged for longer than one interval of its record; None if it lost less than a twentieth of its time.

    Speed is in critic steps, since rounds have more of them in warm-ups. A single slow interval is no sag: it may hold
    work between rounds that is not known here.

    Args:
        metrics: rows of metrics.jsonl
        busy: rounds after which other work is done (pictures, checkpoints, evaluations, looks): the intervals that
            begin there or hold one are left out
    """
    other = np.array(sorted(set(busy)))
    kept: list[tuple[float, float, int, int]] = []
    for before, after in pairwise(row for row in metrics if _timed(row)):
        steps = _steps(after) - _steps(before)
        spent = float(after["seconds"]) - float(before["seconds"])
        begin, end = int(before["round"]), int(after["round"])
        if steps > 0 and spent > 0 and np.searchsorted(other, begin) == np.searchsorted(other, end):
            kept.append((steps, spent, begin, end))
    if len(kept) < _FEWEST:
        return None
    steps_, spans = np.array([each[0] for each in kept]), np.array([each[1] for each in kept])
    usual = throughput([0, *np.cumsum(steps_)], [0, *np.cumsum(spans)], below=BELOW).typical
    slow = steps_ / spans < BELOW * usual
    beside = np.concatenate([[False], slow[:-1]]) | np.concatenate([slow[1:], [False]])
    slow &= beside
    lost = float((spans - steps_ / usual)[slow].sum() / spans.sum())
    if not slow.any() or lost < TOLD:
        return None
    places = np.flatnonzero(slow)
    slowest = float((steps_ / spans)[slow].min() / usual)
    return Pace(lost, slowest, kept[places[0]][2], kept[places[-1]][3])


def _timed(row: Mapping[str, Any]) -> bool:
    return all(isinstance(row.get(name), int | float) for name in ("round", "seconds"))


def _steps(row: Mapping[str, Any]) -> float:
    steps = row.get("critic_steps", row["round"])
    return float(steps) if isinstance(steps, int | float) else float(row["round"])
