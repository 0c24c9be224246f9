"""What looks odd and does no harm: small slopes that still train, a weak critic while samples widen, narrow modes."""

from __future__ import annotations

import pytest

from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts import RULES
from tests.diagnostics.logs import run

FAR = {"distance_ratio": 0.2, "bins_missing": 0.8, "bins_different": 0.9}
"""samples that are far from the data and stay there"""
TIGHT = {"clipped_share": 0.7, "slope_between": 1e-7, "slope_real": 1e-7, "slope_fake": 1e-7, "slope_high": 1e-7}


def found(verdict, fields):
    return RULES[verdict](History(run(**fields)))


@pytest.mark.parametrize("verdict", ["clipping", "vanishing_gradient"])
def test_small_slopes_are_a_fault_where_the_generator_stands(verdict):
    samples = {"bins_different": 0.8, "bins_missing": 0.4}
    assert found(verdict, {**TIGHT, **samples, "generator_update": 1e-5}) is not None
    assert found(verdict, {**TIGHT, **samples, "generator_update": 1e-3}) is None  # Adam divides by their size
    assert found(verdict, {**TIGHT, "bins_different": 0.2, "bins_missing": 0.0, "generator_update": 1e-5}) is None


def test_a_critic_at_a_rate_that_is_too_low_does_not_rise_and_is_weak():
    blind = {**FAR, "accuracy": 0.5, "gap": -2.0, "rise": 0.002}
    assert found("critic_too_weak", blind) is not None
    assert found("critic_too_weak", {**blind, "accuracy": 0.55, "gap": 0.1}) is None  # at its best


def test_a_critic_is_not_weak_while_samples_widen():
    blind = {**FAR, "accuracy": 0.5, "gap": -2.0, "rise": 0.5}
    assert found("critic_too_weak", blind) is not None
    assert found("critic_too_weak", {**blind, "distance_ratio": lambda t: 0.12 + 0.4 * t}) is None


def test_a_generator_that_became_a_point_has_collapsed_and_is_not_called_stalled():
    still = {"move": 1e-6, "move_rate": 1e-8, "accuracy": 1.0, "bins_different": 0.9}
    assert found("generator_stalled", {**still, "distance_ratio": 0.3}) is not None
    assert found("generator_stalled", {**still, "distance_ratio": 1e-8}) is None
    assert found("full_collapse", {**still, "distance_ratio": 1e-8}) is not None


def test_a_large_distance_from_training_samples_is_no_harm_alone():
    # narrow modes: 90 and more, for samples that are right
    assert (
        found("clipping", {"clipped_share": 0.3, "slope_between": 0.5, "slope_high": 1.0, "copy_ratio": 90.0}) is None
    )
