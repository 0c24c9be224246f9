"""Throughput sags: stretches of a run with far fewer rounds per second than the rest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from steadygan.checks import within
from steadygan.errors import UsageError


class Throughput(NamedTuple):
    """Rounds per second over a run, and where they sag."""

    typical: float
    """median over intervals, in rounds per second"""
    sags: float
    """share of the intervals that are slower than ``below`` times the typical speed"""
    slowest: float
    """speed of the slowest interval over the typical one, 0 to 1"""
    lost: float
    """share of the time that sags took beyond the typical speed"""
    first: int | None
    """round at which the first sag ends; None without one"""


def throughput(rounds: ArrayLike, seconds: ArrayLike, *, below: float = 0.5) -> Throughput:
    """Sags of speed from a series of (round, seconds since the start) [T], as a log has them.

    Intervals in which rounds or seconds do not rise are left out: a run that was resumed may go back. Evaluations and
    checkpoints within an interval count as sags unless intervals are longer than these.

    Args:
        rounds: [T], rounds done
        seconds: [T], when
        below: share of the typical speed under which an interval is a sag

    Raises:
        UsageError: not two series of as many finite numbers, or fewer than 3 intervals.
    """
    within("below", below, 0, 1, open_low=True, open_high=True)
    done, times = np.asarray(rounds, dtype=np.float64), np.asarray(seconds, dtype=np.float64)
    shapes = f"{list(done.shape)} and {list(times.shape)}"
    if done.ndim != 1 or done.shape != times.shape or not (np.isfinite(done) & np.isfinite(times)).all():
        raise UsageError(f"throughput needs rounds [T] and seconds [T], finite; got shapes {shapes}")
    steps, spans = np.diff(done), np.diff(times)
    forward = (steps > 0) & (spans > 0)
    steps, spans, ends = steps[forward], spans[forward], done[1:][forward]
    if len(steps) < 3:
        raise UsageError(f"throughput needs at least 3 intervals in which rounds and seconds rise; got {len(steps)}")
    speeds = steps / spans
    typical = float(np.median(speeds))
    slow = speeds < below * typical
    return Throughput(
        typical,
        float(slow.mean()),
        float(speeds.min()) / typical,
        float((spans - steps / typical)[slow].sum() / spans.sum()),
        int(ends[slow][0]) if slow.any() else None,
    )
