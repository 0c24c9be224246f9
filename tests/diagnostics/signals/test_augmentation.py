"""ADA's probability in series of known ends."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steadygan.diagnostics.signals import augmentation_strength
from steadygan.errors import UsageError


def test_a_probability_that_settles_is_not_rising() -> None:
    p = np.concatenate([np.linspace(0, 0.5, 50), 0.5 + 0.01 * np.random.default_rng(0).standard_normal(100)])
    found = augmentation_strength(p)
    assert not found.rising
    assert found.at_ceiling == 0
    assert found.rise == pytest.approx(0, abs=0.02)


def test_one_that_rises_to_the_end_does_by_its_slope() -> None:
    found = augmentation_strength(np.linspace(0, 6.5, 101))
    assert found.rising
    assert (found.last, found.largest) == (6.5, 6.5)
    assert found.rise == pytest.approx(6.5 / 4)
    assert found.at_ceiling == pytest.approx(87 / 101)


def test_one_at_its_ceiling_has_no_trend_but_a_share() -> None:
    found = augmentation_strength([0.0, 0.5, 1.0, 1.0])
    assert (found.at_ceiling, found.rising) == (0.5, False)
    assert augmentation_strength([0.8, 0.9], ceiling=0.8).at_ceiling == 1.0


def test_short_series_and_bad_bounds() -> None:
    assert math.isnan(augmentation_strength([]).last)
    assert augmentation_strength([0.3]).rise == 0
    with pytest.raises(UsageError, match="ceiling"):
        augmentation_strength([0.5], ceiling=0)
    with pytest.raises(UsageError, match="part"):
        augmentation_strength([0.5], part=0)
