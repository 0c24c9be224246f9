"""BEGAN's balance: the weight k_t at its rails, and the measure of convergence M (Berthelot et al. 2017)."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from steadygan.checks import at_least, within
from steadygan.diagnostics.signals.curves import Series, Trend, series_of, trend


class Rails(NamedTuple):
    """Share of the rounds in which k_t is at an end of its range: the balance is out of reach there."""

    low: float
    """at 0: the fakes' errors are above gamma times the real ones', and the critic ignores fakes"""
    high: float
    """at 1: they stay below it, whatever weight the critic gives them"""
    last: float
    """k_t at the end; NaN without rounds"""


class Convergence(NamedTuple):
    """The measure M = L(x) + |gamma L(x) - L(g)|, which falls while a training progresses."""

    last: float
    """median of the last tenth, at least one round; NaN without rounds"""
    best: float
    """lowest of the medians of ten parts"""
    trend: Trend
    """per round"""


def rails(k: ArrayLike, *, low: float = 0.0, high: float = 1.0, tolerance: float = 0.0) -> Rails:
    """Shares of a series k_t [T] at its rails, from ``low + tolerance`` down and from ``high - tolerance`` up.

    k_t begins at its lower rail, so judge the rounds after the first part. No healthy share is known: a balance that
    holds is one between the rails.

    Raises:
        UsageError: no series, ends in the wrong order.
    """
    within("high", high, low, 1, open_low=True, note=f"low is {low}")
    at_least("tolerance", tolerance, 0)
    series = series_of(k, "k")
    series = series[np.isfinite(series)]
    if not len(series):
        return Rails(math.nan, math.nan, math.nan)
    at_low, at_high = series <= low + tolerance, series >= high - tolerance
    return Rails(float(at_low.mean()), float(at_high.mean()), float(series[-1]))


def convergence_measure(real_errors: ArrayLike, fake_errors: ArrayLike, gamma: float) -> Series:
    """M of each round [T], from mean reconstruction errors of real and generated samples [T] each."""
    within("gamma", gamma, 0, 1, open_low=True)
    real, fake = series_of(real_errors, "real_errors"), series_of(fake_errors, "fake_errors")
    return np.asarray(real + np.abs(gamma * real - fake))


def convergence(measure: ArrayLike) -> Convergence:
    """Level and trend of a series of M [T]."""
    series = series_of(measure, "measure")
    known = series[np.isfinite(series)]
    if not len(known):
        return Convergence(math.nan, math.nan, trend(series))
    parts = [float(np.median(part)) for part in np.array_split(known, min(10, len(known)))]
    return Convergence(parts[-1], min(parts), trend(series))
