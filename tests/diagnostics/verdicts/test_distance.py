"""Distance by the energy coefficient: its trend to the end in closed form, and what it decides."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.diagnostics.history import History
from steadygan.diagnostics.judge import judge
from steadygan.diagnostics.verdicts.distance import PART, distance_of
from steadygan.diagnostics.verdicts.levels import Levels
from tests.diagnostics.logs import HEALTHY, run


def of(course, **fields):
    return distance_of(Levels(History(run(energy=course, **fields))))


@pytest.mark.parametrize("power", [-1.2, -0.5, 0.0, 0.4])
def test_the_expected_distance_goes_on_by_the_power_of_time_that_it_went_by(power):
    found = of(lambda t: 0.1 * t**power)
    ages = np.arange(1, 31) / 30
    late = slice(20, None)
    level = 0.1 * np.maximum(ages - 1 / 30, 1 / 30) ** power  # the median of three looks is the middle one
    assert found.expected[late] == pytest.approx((level * ages ** (-PART * power))[late], rel=1e-6)


def test_samples_that_stay_away_are_far_and_those_on_their_way_or_near_are_not():
    assert of(0.3).far[-10:].all() and not of(0.3).far[:4].any()
    assert not of(lambda t: 0.01 * t**-1.3).far.any()
    assert of(0.01).near.all() and not of(0.01).far.any()
    assert not of(0.1).far[10] and of(0.1).far[-1]  # what is too far at the end may be usual at a third of the run


def test_a_distance_that_is_not_measured_is_neither():
    found = distance_of(Levels(History(run(distance_ratio=0.2))))
    assert not (found.known | found.near | found.far).any()


def test_a_steep_critic_or_one_that_is_clipped_does_no_harm_where_samples_are_near():
    odd = {**HEALTHY, "slope_between": 5e4, "slope_high": 9e4, "clipped_share": 0.5, "wasserstein": 3.0}
    assert judge(run(**odd, energy=0.3)).sick
    assert judge(run(**odd, energy=0.005)).main.verdict == "healthy"


def test_a_critic_that_overfits_does_no_harm_yet_where_samples_are_as_held_out_ones():
    lost = {**HEALTHY, "r_v": 0.5, "gap_held_out": 1.0}
    assert judge(run(**lost, energy=0.05)).main.verdict == "critic_overfitting"
    assert not judge(run(**lost, energy=0.005)).sick


def test_few_bins_filled_are_lost_modes_where_samples_are_far():
    few = {**HEALTHY, "bins_effective": 0.3}
    assert judge(run(**few, energy=0.1)).main.verdict == "partial_collapse"
    assert not judge(run(**few, energy=0.01)).sick


def test_samples_that_change_their_bins_from_look_to_look_oscillate():
    swinging = {**HEALTHY, "energy": 0.2, "move": 1.2, "move_rate": 0.1, "directness": 0.1}
    assert judge(run(**swinging, bins_moved=0.9)).main.verdict == "oscillation"
    assert judge(run(**swinging, bins_moved=0.2)).main.verdict != "oscillation"
