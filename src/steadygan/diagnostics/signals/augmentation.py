"""Adaptive augmentation (ADA) exhausted: its probability p at the ceiling, or rising to the end (Karras et al. 2020).

p grows while the critic overfits. At its ceiling, or if it never settles, augmentation cannot make up for the data.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from steadygan.checks import above, within
from steadygan.diagnostics.signals.curves import series_of, trend


class AugmentationStrength(NamedTuple):
    """The probability p over a training; without unit."""

    last: float
    """at the end; NaN without rounds"""
    largest: float
    at_ceiling: float
    """share of the rounds with p at the ceiling or above, 0 to 1"""
    rise: float
    """change of p over the last part by its trend"""
    rising: bool
    """True if the trend of the last part rises with its whole interval"""


def augmentation_strength(p: ArrayLike, *, ceiling: float = 0.85, part: float = 0.25) -> AugmentationStrength:
    """Level and trend of a series of p [T]; ``part`` of the series at its end decides the trend, at least two rounds.

    Known values: healthy 0 to .8 and settled; from .85 on, transformations leak into samples (Karras et al. 2020,
    section 2.2: leak-free below about .8). Users of code without an upper bound report 6.5 and 34.

    Raises:
        UsageError: no series, a ceiling that is not above 0.
    """
    above("ceiling", ceiling, 0)
    within("part", part, 0, 1, open_low=True)
    series = series_of(p, "p")
    series = series[np.isfinite(series)]
    if not len(series):
        return AugmentationStrength(math.nan, math.nan, math.nan, math.nan, False)
    end = series[-max(2, math.ceil(part * len(series))) :]
    line = trend(end)
    return AugmentationStrength(
        float(series[-1]),
        float(series.max()),
        float((series >= ceiling).mean()),
        line.slope * (len(end) - 1) if len(end) > 1 else 0.0,
        line.rises,
    )
