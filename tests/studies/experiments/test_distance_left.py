"""Distances of samples to held-out data."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.data import open_data
from steadygan.data.options import DataOptions
from steadygan.studies.experiments._distance_left import yardstick


def test_points_are_measured_by_their_exact_distance():
    measured = yardstick(open_data(DataOptions("8gaussians")), 300)
    held_out = open_data(DataOptions("8gaussians")).held_out.samples[:300]
    assert measured.distance(held_out) == 0
    assert measured.distance(held_out + np.array([0.3, 0.4], np.float32)) == pytest.approx(0.5, abs=1e-6)
    assert 0 < measured.floor < 0.4


@pytest.mark.slow
def test_pictures_at_the_mean_are_at_the_loss_of_all_variety():
    dataset = open_data(DataOptions("digits"))
    measured = yardstick(dataset)
    assert measured.distance(dataset.train.resident) < 1e-6
    repeated = np.repeat(dataset.train.resident[:1], 200, axis=0)
    assert measured.floor < 0.15
    assert measured.distance(repeated) > 0.9
