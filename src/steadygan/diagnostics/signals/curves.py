"""Curves of a training judged over time: median filter, robust trend (Theil-Sen), oscillation and divergence.

Series are numbers [T] in order of time, on the host: what a log holds. Numbers that are not finite are left out.
"""

from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steadygan.checks import within
from steadygan.errors import UsageError

Series = NDArray[np.float64]
"""[T]"""

_MOST = 1_500  # points of a trend: slopes of all pairs are compared
_SMALLEST = 1e-300


class Trend(NamedTuple):
    """A line through a series, by the median of the slopes of all pairs of points."""

    slope: float
    """per unit of time; NaN with fewer than two points"""
    low: float
    """lower end of the slope's confidence interval"""
    high: float
    intercept: float
    """value at time 0"""

    @property
    def rises(self) -> bool:
        """True if the whole interval lies above 0."""
        return self.low > 0

    @property
    def falls(self) -> bool:
        """True if the whole interval lies below 0."""
        return self.high < 0


class Oscillation(NamedTuple):
    """Swings of a series around its trend."""

    strength: float
    """autocorrelation at the period, -1 to 1: near 1 for a regular swing; 0 where no period is seen"""
    period: float
    """samples of the series; NaN where no period is seen"""
    sign_changes: int
    """crossings of the trend"""
    growth: float
    """factor by which swings grow per sample: 1 sustained, below 1 damped; NaN with fewer than 3 swings"""


class Divergence(NamedTuple):
    """Exponential growth of a series' size."""

    doublings: float
    """log2 of the growth of |L| over the series, by its trend"""
    doubling_time: float
    """in units of time; infinite where |L| does not grow"""
    sure: bool
    """True if the trend of log2 |L| rises with its whole interval"""
    first_non_finite: int | None
    """index of the first number that is not finite"""


def series_of(values: ArrayLike, what: str = "values") -> Series:
    """Numbers [T] in float64; raises UsageError for another form."""
    try:
        series = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise UsageError(f"{what} are not numbers; needed: a series [T] on the host") from None
    if series.ndim != 1:
        raise UsageError(f"{what} have shape {list(series.shape)}; needed: a series [T]")
    return series


def median_filter(values: ArrayLike, width: int = 5) -> Series:
    """The median of each point's window of ``width`` points, an odd number; shorter windows at both ends.

    One outlier of a loss that jumps leaves no mark. Numbers that are not finite are left out of windows.
    """
    if isinstance(width, bool) or not isinstance(width, int) or width < 1 or not width % 2:
        raise UsageError(f"width is {width}; allowed: odd whole numbers from 1")
    series, half = series_of(values), width // 2
    if not len(series):
        return series
    padded = np.pad(np.where(np.isfinite(series), series, np.nan), half, constant_values=np.nan)
    windows = np.sort(np.lib.stride_tricks.sliding_window_view(padded, width), axis=1)  # NaN comes last
    known = width - np.isnan(windows).sum(1)
    row, last = np.arange(len(windows)), np.maximum(known - 1, 0)
    filtered: Series = (windows[row, last // 2] + windows[row, (last + 1) // 2]) / 2
    return filtered


def wasserstein_curve(real_means: ArrayLike, fake_means: ArrayLike, width: int = 5) -> Series:
    """The Wasserstein estimate E D(x) - E D(g) over time, median-filtered, of mean scores on fresh samples [T] each.

    A critic's drifting offset drops out of the difference. Means must be of one critic each: taken between two steps,
    not of the batches that the steps trained on. A critic of Lipschitz constant k overstates the distance k times:
    divide by the mean slope where it is far from 1. It should fall while samples improve [WGAN, figures 3 and 4].
    """
    real, fake = series_of(real_means, "real_means"), series_of(fake_means, "fake_means")
    if real.shape != fake.shape:
        raise UsageError(f"real_means are {len(real)} numbers, fake_means {len(fake)}; needed: as many of both")
    return median_filter(real - fake, width)


def trend(values: ArrayLike, times: ArrayLike | None = None, *, confidence: float = 0.95) -> Trend:
    """Theil-Sen slope of values [T] over times [T], and its interval (Sen 1968), exact while up to 29% are outliers.

    Times left out are 0, 1, 2, ... The interval holds for independent errors; of a series whose errors follow each
    other it is too narrow: filter and thin it first. Of more than 1,500 points evenly spaced ones are taken.
    """
    within("confidence", confidence, 0, 1, open_low=True, open_high=True)
    y = series_of(values)
    x = np.arange(len(y), dtype=np.float64) if times is None else series_of(times, "times")
    if len(x) != len(y):
        raise UsageError(f"there are {len(y)} values for {len(x)} times; needed: as many of both")
    finite = np.isfinite(x) & np.isfinite(y)
    x, y = x[finite], y[finite]
    if len(x) > _MOST:
        chosen = np.linspace(0, len(x) - 1, _MOST).round().astype(int)
        x, y = x[chosen], y[chosen]
    first, second = np.triu_indices(len(x), 1)
    runs = x[second] - x[first]
    slopes = np.sort((y[second] - y[first])[runs != 0] / runs[runs != 0])
    if not len(slopes):
        return Trend(math.nan, -math.inf, math.inf, float(np.median(y)) if len(y) else math.nan)
    slope = float(np.median(slopes))
    low, high = _sen_interval(slopes, y, confidence)
    return Trend(slope, low, high, float(np.median(y) - slope * np.median(x)))


def oscillation(values: ArrayLike) -> Oscillation:
    """Period, regularity and growth of a series' swings around its robust trend.

    The period is the highest peak of the autocorrelation after it first fell below 0, between samples by a parabola.
    Noise alone has a strength below about 2 / sqrt(T) and one change of sign every two samples.

    Known values: a Dirac-GAN under alternating gradient descent (rate h, logistic loss, f' = 1/2) circles with period
    2 pi / arccos(1 - (h f')^2 / 2), growth 1; under simultaneous descent its growth is sqrt(1 + (h f')^2) [Mescheder et
    al. 2018]. Training [measured small-scale]: two or three swings of diversity between 1.65 and .2 in a chase.
    """
    series = series_of(values)
    series = series[np.isfinite(series)]
    if len(series) < 3:
        return Oscillation(0.0, math.nan, 0, math.nan)
    line = trend(series)
    rest = series - (line.intercept + line.slope * np.arange(len(series)))
    scale = float(np.abs(rest).max())
    if scale <= 1e-12 * float(np.abs(series).max()) or scale == 0:  # rounding of a line
        return Oscillation(0.0, math.nan, 0, math.nan)
    rest = rest / scale
    signs = np.sign(rest[rest != 0])
    strength, period = _period(rest)
    return Oscillation(strength, period, int((signs[1:] != signs[:-1]).sum()), _growth(rest))


def divergence(losses: ArrayLike, times: ArrayLike | None = None) -> Divergence:
    """Doublings of |L| over a series [T], by the trend of log2 |L|; judge the last tenth of a run, not its beginning.

    Known values [measured small-scale]: a Wasserstein loss without constraint grows from 2.5e3 to 3.5e4 over three
    quarters of a run, 3.8 doublings; clipping at 1 in eight layers reaches scores of 4e11.
    """
    series = series_of(losses, "losses")
    infinite = np.flatnonzero(~np.isfinite(series))
    known = np.where(np.isfinite(series), np.log2(np.maximum(np.abs(series), _SMALLEST)), np.nan)
    line = trend(known, times)
    moments = np.arange(len(series), dtype=np.float64) if times is None else series_of(times, "times")
    moments = moments[np.isfinite(known)]
    span = float(moments.max() - moments.min()) if len(moments) else 0.0
    growing = line.slope > 0
    return Divergence(
        line.slope * span,
        1 / line.slope if growing else math.inf,
        line.rises,
        int(infinite[0]) if len(infinite) else None,
    )


def _sen_interval(slopes: Series, y: Series, confidence: float) -> tuple[float, float]:
    """The interval by Kendall's test: ranks of slopes around the middle, with ties of values taken out."""
    n = len(y)
    _, ties = np.unique(y, return_counts=True)
    variance = (n * (n - 1) * (2 * n + 5) - int((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * math.sqrt(variance)
    low, high = round((len(slopes) - half) / 2) - 1, round((len(slopes) + half) / 2)
    if low < 0 or high >= len(slopes):  # too few points to say
        return -math.inf, math.inf
    return float(slopes[low]), float(slopes[high])


def _period(rest: Series) -> tuple[float, float]:
    """Autocorrelation at its highest peak after the first zero, and that lag."""
    n = len(rest)
    centred = rest - rest.mean()
    padded = np.fft.rfft(centred, 2 * n)
    products = np.fft.irfft(np.abs(padded) ** 2, 2 * n)[:n]
    lags = np.arange(n)
    squares = np.concatenate([[0.0], np.cumsum(centred**2)])
    # of the two stretches that a lag compares: a series that grows or is short keeps its correlation
    norm = np.sqrt(squares[n - lags] * (squares[n] - squares[lags]))
    correlation = np.divide(products, norm, out=np.zeros(n), where=norm > 1e-12 * squares[n])
    most = 2 * n // 3  # beyond, too little is compared
    below = np.flatnonzero(correlation[:most] < 0)
    if not len(below):
        return 0.0, math.nan
    peaks = [i for i in range(below[0] + 1, most - 1) if correlation[i - 1] < correlation[i] >= correlation[i + 1]]
    if not peaks:
        return 0.0, math.nan
    best = max(correlation[i] for i in peaks)
    peak = next(i for i in peaks if correlation[i] >= 0.9 * best)  # not a multiple of the period
    if correlation[peak] <= 0:
        return 0.0, math.nan
    left, middle, right = correlation[peak - 1 : peak + 2]
    bend = left - 2 * middle + right
    return float(min(middle, 1.0)), float(peak + (0.5 * (left - right) / bend if bend else 0.0))


def _growth(rest: Series) -> float:
    """By the trend of the logarithm of swings' heights between crossings; the two that the ends cut are left out."""
    signs = np.sign(rest)
    starts = [0, *(i for i in range(1, len(rest)) if signs[i] != signs[i - 1]), len(rest)]
    swings = [(a, b) for a, b in pairwise(starts) if signs[a]][1:-1]
    if len(swings) < 3:
        return math.nan
    tops = [a + int(np.abs(rest[a:b]).argmax()) for a, b in swings]
    return math.exp(trend(np.log(np.abs(rest[tops])), np.array(tops, dtype=np.float64)).slope)
