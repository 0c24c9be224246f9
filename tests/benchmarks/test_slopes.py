"""Exponents of power laws fitted to costs."""

from __future__ import annotations

import math

import pytest

from benchmarks.speed.slopes import fit


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 0.85, 2.0])
def test_a_power_law_is_found_again_without_a_residual(exponent):
    values = [8, 16, 32, 100]
    found = fit(values, [0.3 * value**exponent for value in values])
    assert found.exponent == pytest.approx(exponent, abs=1e-12)
    assert found.residual == pytest.approx(0.0, abs=1e-12)


def test_the_residual_is_the_relative_distance_from_the_line():
    # +10%, -10%, -10%, +10% of a line in the logarithm: no slope of their own
    costs = [v**1.5 * math.exp(0.1 * sign) for v, sign in zip((1, 2, 4, 8), (1, -1, -1, 1), strict=True)]
    found = fit([1, 2, 4, 8], costs)
    assert found.exponent == pytest.approx(1.5)
    assert found.residual == pytest.approx(0.1)


@pytest.mark.parametrize("points", [{3: 1.0}, {1: 0.0, 2: 1.0}, {0: 1.0, 2: 1.0}])
def test_what_has_no_slope_is_refused(points):
    with pytest.raises(ValueError, match="slope"):
        fit(list(points), list(points.values()))
