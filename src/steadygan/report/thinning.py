"""Downsampling of long series for drawing, running medians, and the range of values to show."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def thin(x: Values, y: Values, bins: int) -> tuple[Values, Values]:
    """The lowest and the highest point in each of ``bins`` equal intervals of x, in their order.

    x: [N], ascending; y: [N]. Every extreme of the series is kept. An interval with a value that is not finite keeps
    one NaN, so that the gap is still seen. Short series are returned unchanged.
    """
    if len(x) <= 2 * bins:
        return x, y
    span = x[-1] - x[0]
    interval = ((x - x[0]) / span * bins).astype(np.int64).clip(0, bins - 1)
    starts = np.flatnonzero(np.diff(interval, prepend=-1))
    lengths = np.diff(starts, append=len(x))

    finite = np.isfinite(y)
    index = np.arange(len(x))
    lowest = _first_where(np.where(finite, y, np.inf), np.minimum, starts, lengths)
    highest = _first_where(np.where(finite, y, -np.inf), np.maximum, starts, lengths)
    broken = np.minimum.reduceat(np.where(finite, len(x), index), starts)
    # the first and the last point stay, or the line would not span the axis
    kept = np.unique(np.concatenate([lowest, highest, broken[broken < len(x)], [0, len(x) - 1]]))
    return x[kept], y[kept]


def _first_where(
    values: Values, pick: np.ufunc, starts: NDArray[np.int64], lengths: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Index of the first value of each interval that equals the interval's minimum or maximum."""
    best = np.repeat(pick.reduceat(values, starts), lengths)
    index = np.where(values == best, np.arange(len(values)), len(values))
    first: NDArray[np.int64] = np.minimum.reduceat(index, starts)
    return first


def running_median(values: Values, window: int = 101) -> Values:
    """The median of the ``window`` values around each value, as in the figures of the WGAN paper.

    values: [N]; window: odd, cut off at both ends. Values that are not finite are left out of the medians and
    returned unchanged.
    """
    finite = np.isfinite(values)
    kept = values[finite]
    half = min(window // 2, max(0, (len(kept) - 1) // 2))
    if half == 0:
        return values.copy()
    from scipy.ndimage import median_filter  # scipy takes its time to load

    smooth: Values = median_filter(kept, 2 * half + 1)
    # scipy extends the series at its ends; here windows are cut off there
    for i in range(half):
        smooth[i] = np.median(kept[: i + half + 1])
        smooth[-1 - i] = np.median(kept[len(kept) - i - half - 1 :])
    out = values.copy()
    out[finite] = smooth
    return out


def visible_range(values: Values) -> tuple[float, float] | None:
    """The lowest and highest value to show; None if no value is finite.

    Outliers would press the rest into a flat line: if the full range is more than four times that of the middle
    99%, the middle range is shown, with a quarter more on both sides.
    """
    kept = values[np.isfinite(values)]
    if not kept.size:
        return None
    lowest, highest = float(kept.min()), float(kept.max())
    low, high = (float(q) for q in np.quantile(kept, [0.005, 0.995]))
    if low < high and highest - lowest > 4 * (high - low):
        margin = 0.25 * (high - low)
        return max(lowest, low - margin), min(highest, high + margin)
    return lowest, highest
