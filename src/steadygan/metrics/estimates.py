"""Standard errors of sampling, and confidence intervals over training seeds; the two are never mixed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from steadygan.checks import within
from steadygan.errors import UsageError


class Estimate(NamedTuple):
    """A metric's value and its standard error over other samples of the same generator."""

    value: float
    error: float | None = None
    """None if unknown"""


class Interval(NamedTuple):
    """A mean over runs, with its confidence interval."""

    mean: float
    low: float
    high: float
    runs: int


def mean(values: ArrayLike) -> Estimate:
    """The mean of numbers [N], one for each sample, and its standard error."""
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or len(numbers) == 0:
        raise UsageError(f"a mean needs numbers [N]; got shape {list(numbers.shape)}")
    error = float(numbers.std(ddof=1) / math.sqrt(len(numbers))) if len(numbers) > 1 else None
    return Estimate(float(numbers.mean()), error)


def over_seeds(values: Sequence[float], confidence: float = 0.95) -> Interval:
    """The mean of a metric over runs that differ in their seed only, with Student's t interval.

    One run has an infinite interval: it says nothing about another seed.
    """
    from scipy.special import stdtrit  # what scipy.stats takes, which is a second in loading

    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or not len(numbers) or np.isnan(numbers).any():
        raise UsageError(f"an interval over training seeds needs the numbers of one run at least; got {values}")
    within("confidence", confidence, 0, 1, open_low=True, open_high=True)
    centre = float(numbers.mean())
    if len(numbers) == 1:
        return Interval(centre, -math.inf, math.inf, 1)
    half = float(stdtrit(len(numbers) - 1, 0.5 + confidence / 2) * numbers.std(ddof=1) / math.sqrt(len(numbers)))
    return Interval(centre, centre - half, centre + half, len(numbers))


def disjoint(a: Interval, b: Interval) -> bool:
    """True if two intervals have no point in common: only then is one recipe called better than another."""
    return a.high < b.low or b.high < a.low
