"""Trends, swings and growth of series with known ones: Dirac-GANs above all."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from steadygan.diagnostics.signals import divergence, median_filter, oscillation, trend, wasserstein_curve
from steadygan.errors import UsageError


def dirac_gan(rate: float, rounds: int, *, alternating: bool, r1: float = 0.0) -> NDArray[np.float64]:
    """theta of D(x) = psi x against a point at theta, data at 0, linearised (f' = 1/2)."""
    theta, psi, found = 1e-3, 0.0, []
    for _ in range(rounds):
        found.append(theta)
        pushed = psi + rate * (-0.5 * theta - r1 * psi)
        theta, psi = theta + rate * 0.5 * (pushed if alternating else psi), pushed
    return np.array(found)


def test_alternating_descent_circles_with_the_period_of_its_eigenvalues() -> None:
    found = oscillation(dirac_gan(0.1, 1000, alternating=True))
    assert found.period == pytest.approx(2 * math.pi / math.acos(1 - 0.05**2 / 2), rel=0.005)  # 125.65
    assert found.strength > 0.99
    assert found.growth == pytest.approx(1.0, abs=1e-4)
    assert found.sign_changes == pytest.approx(2 * 1000 / 125.65, abs=1)


def test_simultaneous_descent_grows_by_its_radius() -> None:
    found = oscillation(dirac_gan(0.1, 1500, alternating=False))
    assert found.growth == pytest.approx(math.sqrt(1 + 0.05**2), abs=3e-4)  # 1.00124922
    assert found.growth > 1.0005
    assert found.period == pytest.approx(2 * math.pi / math.atan(0.05), rel=0.03)


def test_r1_damps_the_swing() -> None:
    gamma, rate = 0.1, 0.1
    found = oscillation(dirac_gan(rate, 1000, alternating=True, r1=gamma))
    damping = math.sqrt(1 - rate * gamma)  # |eigenvalue| of the alternating step: the root of its determinant
    assert found.growth == pytest.approx(damping, rel=2e-3)


def test_what_does_not_swing_has_no_period() -> None:
    for still in (np.full(50, 3.0), np.linspace(0, 1, 50), np.array([1.0, 2.0]), np.array([])):
        assert math.isnan(oscillation(still).period)
        assert oscillation(still).strength == 0
    noise = oscillation(np.random.default_rng(0).standard_normal(400))
    assert noise.strength < 0.3
    assert noise.sign_changes == pytest.approx(200, abs=30)


def test_two_states_in_alternation_have_period_2() -> None:
    found = oscillation(np.tile([0.0, 1.0], 20))
    assert (found.period, found.sign_changes) == (pytest.approx(2.0, abs=0.01), 39)
    assert found.strength == pytest.approx(1.0, abs=0.05)


def test_the_trend_is_the_median_of_all_slopes() -> None:
    rng = np.random.default_rng(1)
    x, y = np.sort(rng.random(30)), rng.standard_normal(30)
    slopes = [(y[j] - y[i]) / (x[j] - x[i]) for i in range(30) for j in range(i + 1, 30)]
    found = trend(y, x)
    assert found.slope == pytest.approx(np.median(slopes))
    assert found.low < found.slope < found.high


def test_a_line_is_found_through_outliers_and_gaps() -> None:
    y = 2.0 - 0.5 * np.arange(40.0)
    y[::5] = 1e6
    y[3] = math.nan
    found = trend(y)
    assert (found.slope, found.intercept) == (pytest.approx(-0.5), pytest.approx(2.0, abs=2.0))
    assert found.falls and not found.rises


@pytest.mark.slow
def test_the_interval_is_that_of_scipy() -> None:
    theilslopes = pytest.importorskip("scipy.stats").theilslopes
    rng = np.random.default_rng(2)
    for n in (8, 20, 60):
        y = rng.standard_normal(n).round(1)  # with ties
        expected = theilslopes(y, np.arange(n), 0.95)
        found = trend(y)
        assert found.slope == pytest.approx(expected[0])
        assert (found.low, found.high) == pytest.approx((expected[2], expected[3]))


def test_the_interval_holds_the_slope_as_often_as_it_says() -> None:
    held = [t.low <= 0.1 <= t.high for t in map(noisy_line, range(300))]
    assert np.mean(held) == pytest.approx(0.9, abs=0.05)


def noisy_line(seed: int):
    return trend(0.1 * np.arange(25) + np.random.default_rng(seed).standard_normal(25), confidence=0.9)


def test_too_few_points_have_an_interval_without_ends() -> None:
    assert trend([1.0, 2.0]) == (1.0, -math.inf, math.inf, 1.0)
    assert math.isnan(trend([]).slope) and math.isnan(trend([1.0]).slope)
    assert not trend([1.0]).rises
    assert trend(np.arange(5000.0)).slope == pytest.approx(1.0)


def test_the_wasserstein_curve_has_no_offset_and_no_outlier() -> None:
    drift = np.random.default_rng(0).standard_normal(60).cumsum() * 100
    distance = np.linspace(5, 1, 60)
    jumping = distance.copy()
    jumping[[10, 30]] = 1e5
    found = wasserstein_curve(drift + jumping, drift)
    assert np.abs(found - distance).max() < 0.2
    assert trend(found).falls


def test_median_filters_are_medians_of_windows() -> None:
    assert median_filter([9, 1, 5, math.nan, 7], 3).tolist() == [5, 5, 3, 6, 7]
    assert median_filter([9, 1], 1).tolist() == [9, 1]
    assert math.isnan(median_filter([math.nan], 1)[0])
    assert median_filter([], 3).tolist() == []
    for width in (0, 4, True, 2.0):
        with pytest.raises(UsageError, match="width"):
            median_filter([1.0], width)


@pytest.mark.parametrize("sign", [1, -1])
def test_doublings_are_counted(sign: int) -> None:
    found = divergence(sign * 3.0 * 2 ** (np.arange(41) / 8))
    assert found.doublings == pytest.approx(5.0)
    assert found.doubling_time == pytest.approx(8.0)
    assert found.sure and found.first_non_finite is None
    by_rounds = divergence(2 ** (np.arange(41) / 8), 100 * np.arange(41))
    assert (by_rounds.doublings, by_rounds.doubling_time) == (pytest.approx(5.0), pytest.approx(800.0))


def test_a_loss_that_jumps_or_falls_does_not_diverge_and_one_with_nan_says_where() -> None:
    jumps = 1 + np.random.default_rng(3).random(60) * 20
    assert not divergence(jumps).sure
    falls = divergence(0.5 ** np.arange(20))
    assert falls.doubling_time == math.inf and falls.doublings == pytest.approx(-19)
    ended = divergence([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, math.inf, math.nan])
    assert ended.first_non_finite == 6 and ended.doublings == pytest.approx(5)
    assert divergence([math.nan]).first_non_finite == 0
    assert divergence([0.0] * 9).doublings == 0


def test_series_are_numbers_in_a_row() -> None:
    with pytest.raises(UsageError, match="shape"):
        trend([[1.0], [2.0]])
    with pytest.raises(UsageError, match="numbers"):
        trend(["a", "b"])
    with pytest.raises(UsageError, match="as many"):
        trend([1.0, 2.0], [0.0])
    with pytest.raises(UsageError, match="as many"):
        wasserstein_curve([1.0], [1.0, 2.0])
