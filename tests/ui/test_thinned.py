"""Curves of bounded size, beside what numpy finds in the whole series."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.ui.thinned import MOST_ROUNDS, Thinned


@pytest.mark.parametrize(("count", "step", "seed"), [(1, 1, 0), (300, 1, 1), (7000, 3, 2), (20_000, 100, 3)])
def test_each_point_has_the_mean_and_the_extremes_of_its_interval(count: int, step: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    rounds = np.cumsum(draw.integers(1, 2 * step + 1, count)).astype(np.int64)
    values = draw.standard_cauchy(count)
    values[draw.random(count) < 0.02] = np.nan
    thinned = Thinned(intervals=100)
    for piece in np.array_split(draw.permutation(count), 7):
        thinned.extend(rounds[piece], values[piece])
    points = thinned.points()
    width = 1
    while len(np.unique(rounds // width)) > 100:
        width *= 2
    assert thinned.width == width and len(points.rounds) <= 100
    groups = [np.flatnonzero(rounds // width == each) for each in np.unique(rounds // width)]
    for index, group in enumerate(groups):
        finite = values[group][np.isfinite(values[group])]
        assert points.rounds[index] == pytest.approx(rounds[group].mean(), rel=1e-12)
        if finite.size:
            assert points.lows[index] == finite.min() and points.highs[index] == finite.max()
            assert points.means[index] == pytest.approx(finite.mean(), rel=1e-9, abs=1e-9)
        else:
            assert np.isnan(points.means[index])
    assert len(groups) == len(points.rounds)
    lost = np.flatnonzero(~np.isfinite(values))
    assert points.lost == lost.size and points.first_lost == (rounds[lost].min() if lost.size else None)
    assert points.merged == (max(map(len, groups)) > 1)
    assert count == 1 or points.last == values[np.isfinite(values)][-1]  # of the furthest round, whatever came last


def test_a_short_curve_is_the_curve_itself() -> None:
    thinned = Thinned()
    rounds = np.arange(0, 48_000, 100)
    values = np.sin(rounds / 900.0)
    thinned.extend(rounds, values)
    points = thinned.points()
    np.testing.assert_array_equal(points.rounds, rounds)
    np.testing.assert_array_equal(points.means, values)
    assert not points.merged


def test_rounds_that_are_none_are_left_out_and_size_stays() -> None:
    thinned = Thinned()
    thinned.extend(np.array([-1, MOST_ROUNDS, MOST_ROUNDS - 1, 5]), np.array([1.0, 2.0, 3.0, 4.0]))
    assert sorted(thinned.points().means) == [3.0, 4.0]
    thinned.extend(np.arange(100_000), np.zeros(100_000))
    assert thinned.intervals // 2 <= len(thinned.points().rounds) <= thinned.intervals
