"""Intervals over seeds: of a mean and of a difference of paired values (Student's t), of a share (Wilson)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from steadygan.metrics.estimates import Interval, over_seeds

LEVEL = 0.95
NONE = Interval(math.nan, -math.inf, math.inf, 0)
"""of no values"""

__all__ = ["LEVEL", "NONE", "Interval", "difference", "mean", "share"]


def mean(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Of the mean over seeds: mean ± t s / √n; without bounds for one value."""
    return over_seeds(values, level) if values else NONE


def difference(first: Mapping[int, float], second: Mapping[int, float], level: float = LEVEL) -> Interval:
    """Of the mean of first - second over the seeds that both have (``Results.by_seed``)."""
    return mean([first[seed] - second[seed] for seed in sorted(first.keys() & second.keys())], level)


def share(successes: int, count: int, level: float = LEVEL) -> Interval:
    """Of a share of independent trials: Wilson's score interval (1927).

    >>> [round(bound, 3) for bound in share(9, 10)[1:3]]
    [0.596, 0.982]
    """
    from scipy.special import ndtri

    if count == 0:
        return NONE
    z, part = float(ndtri(0.5 + level / 2)), successes / count
    centre = (part + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(part * (1 - part) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return Interval(part, max(0.0, centre - half), min(1.0, centre + half), count)
