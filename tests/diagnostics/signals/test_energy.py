"""The energy coefficient: point masses, samples that are all alike, a shifted normal in closed form, few samples."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steadygan.diagnostics.signals import energy_coefficient
from steadygan.errors import UsageError

DRAWS = np.random.default_rng(0)


def normal(count, width=1, mean=0.0):
    return mean + DRAWS.standard_normal((count, width))


def test_two_points_differ_wholly_and_one_point_not_at_all():
    ones, twos = np.ones((20, 3)), np.full((30, 3), 2.0)
    assert energy_coefficient(ones, twos) == 1
    assert energy_coefficient(ones, ones) == 0


@pytest.mark.parametrize("width", [1, 2, 100])
def test_samples_that_are_all_alike_at_the_mean_of_normal_data(width):
    # E|Y - Y'| is sqrt(2) E|Y|, in any number of dimensions
    found = energy_coefficient(np.zeros((3_000, width)), normal(3_000, width), limit=3_000)
    assert found == pytest.approx(1 - 1 / math.sqrt(2), abs=0.01)


def test_a_shifted_normal_by_its_closed_form():
    # |X - Y| is a folded normal of deviation sqrt(2) and mean m
    shift = 1.5
    phi = 0.5 * (1 + math.erf(-shift / 2))
    between = 2 / math.sqrt(math.pi) * math.exp(-(shift**2) / 4) + shift * (1 - 2 * phi)
    within = 2 / math.sqrt(math.pi)
    found = energy_coefficient(normal(4_000), normal(4_000, mean=shift), limit=4_000)
    assert found == pytest.approx(1 - within / between, abs=0.02)


def test_few_samples_of_one_distribution_have_no_bias():
    found = [energy_coefficient(normal(12, 5), normal(12, 5)) for _ in range(400)]
    assert abs(np.mean(found)) < 3 * np.std(found) / 20
    assert min(found) < 0 < max(found)


def test_samples_of_another_width_are_refused():
    with pytest.raises(UsageError):
        energy_coefficient(normal(9, 2), normal(9, 3))
