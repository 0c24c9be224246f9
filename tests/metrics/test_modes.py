"""Modes covered, against mixtures whose coverage is built in."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steadygan.data.sources.points import EIGHT, TWENTY_FIVE, eight_gaussians, twenty_five_gaussians
from steadygan.errors import UsageError
from steadygan.metrics.modes import expected_stacked, mode_coverage, stacked_modes


def test_points_of_the_mixture_itself_cover_all_modes() -> None:
    points = eight_gaussians(np.random.default_rng(0), 20_000)
    found = mode_coverage(points, EIGHT.centres, EIGHT.deviation)
    assert (found.covered, found.modes) == (8, 8)
    assert found.high_quality.error is not None
    within = 1 - math.exp(-8)
    assert abs(found.high_quality.value - within) < 4 * math.sqrt(within * (1 - within) / 20_000)
    assert found.kl == pytest.approx(7 / (2 * 20_000), rel=1.0)  # (K - 1) / 2N, a chi-squared of 7 degrees over 2N


def test_the_share_near_a_centre_follows_the_radius() -> None:
    points = twenty_five_gaussians(np.random.default_rng(1), 1_000)
    for radius in (0.5, 1.0, 2.0, 3.0):
        found = mode_coverage(points, TWENTY_FIVE.centres, TWENTY_FIVE.deviation, radius=radius).high_quality
        assert found.error is not None
        assert abs(found.value - (1 - math.exp(-(radius**2) / 2))) < 4 * found.error


def test_counts_shares_and_kl_of_points_put_there_by_hand() -> None:
    centres = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
    points = np.array([[0, 0]] * 3 + [[10, 0.5]] + [[5, 5]] * 4, dtype=np.float32)
    found = mode_coverage(points, centres, 0.25)
    assert found.high_quality.value == 0.5
    assert found.covered == 2
    assert found.kl == pytest.approx(0.75 * math.log(0.75 * 4) + 0.25 * math.log(0.25 * 4))


def test_a_point_at_the_radius_is_near_enough_and_one_beyond_is_not() -> None:
    centre = [[0.0, 0.0]]
    assert mode_coverage([[0.0, 1.0]], centre, 0.25, radius=4).covered == 1
    assert mode_coverage([[0.0, 1.001]], centre, 0.25, radius=4).covered == 0


def test_a_mode_can_be_asked_to_hold_several_points() -> None:
    points = np.repeat(EIGHT.centres, np.arange(1, 9), axis=0)
    assert [mode_coverage(points, EIGHT.centres, 0.01, at_least=n).covered for n in (1, 2, 8, 9)] == [8, 7, 1, 0]


def test_one_mode_of_k_has_a_kl_of_log_k() -> None:
    assert mode_coverage(EIGHT.centres[:1], EIGHT.centres, 0.01).kl == pytest.approx(math.log(8))


def test_kl_is_against_the_weights_given() -> None:
    points = np.repeat([[0.0, 0.0], [5.0, 5.0]], [30, 10], axis=0)
    centres = [[0.0, 0.0], [5.0, 5.0], [9.0, 9.0]]
    assert mode_coverage(points, centres, 0.1, weights=[3, 1, 0]).kl == 0
    assert mode_coverage(points, centres, 0.1, weights=[0, 1, 1]).kl == math.inf


def test_points_that_are_all_far_away_have_the_kl_of_a_single_mode() -> None:
    found = mode_coverage([[100.0, 100.0]], EIGHT.centres, 0.01)
    assert (found.high_quality.value, found.covered, found.kl) == (0, 0, math.log(8))


def test_all_thousand_stacks_once_are_covered_at_no_divergence() -> None:
    classes = np.stack(np.unravel_index(np.arange(1000), (10, 10, 10)), axis=1)
    assert stacked_modes(classes) == (1000, 0.0)
    assert stacked_modes(classes[:500]) == (500, pytest.approx(math.log(2)))
    assert stacked_modes(np.zeros((7, 3), dtype=np.uint8)) == (1, pytest.approx(math.log(1000)))


def test_stack_abc_is_mode_100a_10b_c_of_the_reference() -> None:
    reference = np.zeros(1000)
    reference[[123, 321]] = 3, 1
    assert stacked_modes([[1, 2, 3]] * 3 + [[3, 2, 1]], reference) == (2, 0.0)
    assert stacked_modes([[1, 2, 3], [0, 0, 0]], reference).kl == math.inf


@pytest.mark.parametrize("count", [1, 40, 3_000])
def test_expected_stacks_are_the_mean_of_simulated_draws(count: int) -> None:
    rng = np.random.default_rng(count)
    draws = [stacked_modes(rng.integers(0, 10, (count, 3))) for _ in range(200)]
    for expected, values in zip(expected_stacked(count), zip(*draws, strict=True), strict=True):
        error = np.std(values, ddof=1) / math.sqrt(200)
        assert abs(np.mean(values) - expected) < 4 * error + 1e-9


def test_expected_stacks_of_many_samples_are_all_at_k_over_2n() -> None:
    covered, kl = expected_stacked(100_000)
    assert covered == pytest.approx(1000)
    assert kl == pytest.approx(999 / 200_000, rel=0.01)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: mode_coverage([[np.nan, 0.0]], EIGHT.centres, 0.1), "NaN"),
        (lambda: mode_coverage(np.zeros((0, 2)), EIGHT.centres, 0.1), "points"),
        (lambda: mode_coverage(np.zeros((4, 3)), EIGHT.centres, 0.1), "3 coordinates, centres 2"),
        (lambda: mode_coverage(np.zeros((4, 2)), EIGHT.centres, 0.0), "deviation is 0.0"),
        (lambda: mode_coverage(np.zeros((4, 2)), EIGHT.centres, 0.1, radius=math.nan), "radius is nan"),
        (lambda: mode_coverage(np.zeros((4, 2)), EIGHT.centres, 0.1, at_least=0), "at_least is 0"),
        (lambda: mode_coverage(np.zeros((4, 2)), EIGHT.centres, 0.1, weights=[1, 2]), "weights"),
        (lambda: stacked_modes(np.zeros((4, 2), dtype=int)), "[4, 2]"),
        (lambda: stacked_modes(np.zeros((4, 3))), "float64"),
        (lambda: stacked_modes(np.zeros((0, 3), dtype=int)), "[0, 3]"),
        (lambda: stacked_modes([[0, 0, 10]]), "0 to 10"),
        (lambda: stacked_modes([[0, 0, 1]], np.ones(10)), "1000 numbers"),
        (lambda: expected_stacked(0), "count is 0"),
    ],
)
def test_bad_input_is_one_clear_line(call, words: str) -> None:
    with pytest.raises(UsageError) as error:
        call()
    assert words in str(error.value) and "\n" not in str(error.value)
