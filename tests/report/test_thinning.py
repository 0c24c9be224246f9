"""Thinning of long records."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from steadygan.report.thinning import running_median, thin, visible_range


@given(st.integers(0, 2**32 - 1), st.integers(1, 3000), st.integers(1, 60))
def test_thinning_keeps_extremes_ends_and_order(seed: int, length: int, bins: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.cumsum(rng.integers(1, 9, length)).astype(np.float64)
    y = rng.normal(size=length)
    kept_x, kept_y = thin(x, y, bins)
    assert (kept_y.min(), kept_y.max()) == (y.min(), y.max())
    assert (kept_x[0], kept_x[-1]) == (x[0], x[-1])
    assert (np.diff(kept_x) > 0).all()
    assert len(kept_x) <= max(length if length <= 2 * bins else 0, 2 * bins + 2)
    assert set(zip(kept_x, kept_y, strict=True)) <= set(zip(x, y, strict=True))


def test_every_stretch_keeps_its_lowest_and_highest_point() -> None:
    x, y = np.arange(1000.0), np.random.default_rng(0).normal(size=1000)
    kept_x, kept_y = thin(x, y, 10)
    for start in range(0, 1000, 100):
        inside = (kept_x >= start * 0.999) & (kept_x < (start + 100) * 0.999)
        stretch = y[np.floor(x / 999 * 10).clip(0, 9) == start // 100]
        assert kept_y[inside].min() == stretch.min()
        assert kept_y[inside].max() == stretch.max()


def test_a_gap_survives_thinning_as_one_missing_value() -> None:
    x, y = np.arange(1000.0), np.ones(1000)
    y[500:510] = np.nan
    y[700] = np.inf
    kept_x, kept_y = thin(x, y, 10)
    assert kept_x[~np.isfinite(kept_y)].tolist() == [500, 700]


def test_series_with_nothing_finite_are_thinned_too() -> None:
    kept_x, kept_y = thin(np.arange(1000.0), np.full(1000, np.nan), 10)
    assert len(kept_x) < 50
    assert np.isnan(kept_y).all()


def test_the_running_median_equals_the_median_of_each_window() -> None:
    y = np.random.default_rng(0).normal(size=20_000)
    smooth = running_median(y, 101)
    for i in (0, 3, 50, 51, 8191, 8242, 8243, 19_948, 19_949, 19_999):
        assert smooth[i] == np.median(y[max(0, i - 50) : i + 51])


def test_the_running_median_ignores_outliers_and_what_is_not_finite() -> None:
    y = np.ones(100)
    y[10] = 1e6
    y[20:23] = np.nan
    smooth = running_median(y, 9)
    assert np.isnan(smooth[20:23]).all()
    assert (np.delete(smooth, [20, 21, 22]) == 1).all()


def test_a_window_of_one_and_a_short_series_change_nothing() -> None:
    y = np.array([3.0, 1.0])
    assert running_median(y, 101).tolist() == [3, 1]
    assert running_median(np.arange(5.0), 1).tolist() == [0, 1, 2, 3, 4]
    assert running_median(np.array([np.nan]), 5).shape == (1,)


def test_a_single_spike_does_not_set_the_range() -> None:
    y = np.concatenate([np.linspace(0, 1, 999), [1e6]])
    low, high = visible_range(y) or (0, 0)
    assert low == 0
    assert 1 <= high < 2


def test_ordinary_values_are_all_in_range() -> None:
    y = np.random.default_rng(0).normal(size=5000)
    assert visible_range(y) == (y.min(), y.max())
    assert visible_range(np.array([np.nan, np.inf])) is None
