"""The geometry of the official toy sets."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import ks_2samp
from sklearn.datasets import make_swiss_roll

from steadygan.data import DataOptions, Endless, Stored, open_data
from steadygan.data.sources.points import MODES, fixed_generator
from steadygan.errors import UsageError


def _draw(name: str, count: int) -> np.ndarray:
    train = open_data(DataOptions(source=name)).train
    assert isinstance(train, Endless)
    points, labels = train.draw(np.random.default_rng(0), count)
    assert labels is None
    assert points.dtype == np.float32
    assert points.shape == (count, 2)
    return points


def test_eight_gaussians_lie_on_a_ring_of_radius_1_4144() -> None:
    points = _draw("8gaussians", 40_000).astype(np.float64)
    turns = np.arctan2(points[:, 1], points[:, 0]) / (math.pi / 4)
    mode = np.rint(turns).astype(int) % 8
    counts = np.bincount(mode, minlength=8)
    assert (abs(counts - 5_000) < 5 * math.sqrt(5_000)).all()
    for place in range(8):
        centre = 2 / 1.414 * np.array([math.cos(place * math.pi / 4), math.sin(place * math.pi / 4)])
        mine = points[mode == place]
        assert np.allclose(mine.mean(axis=0), centre, atol=0.001)
        assert np.allclose(mine.std(axis=0), 0.02 / 1.414, rtol=0.05)
        assert np.allclose(MODES["8gaussians"].centres[place], centre)


def test_twenty_five_gaussians_are_4000_points_around_each_point_of_a_grid() -> None:
    train = open_data(DataOptions(source="25gaussians")).train
    assert isinstance(train, Stored)
    assert train.samples.shape == (100_000, 2)
    assert train.samples.dtype == np.float32
    cells = np.rint(train.samples / (2 / 2.828)).astype(int)
    kinds, counts = np.unique(cells, axis=0, return_counts=True)
    assert len(kinds) == 25
    assert set(counts) == {4_000}
    rest = train.samples - cells * (2 / 2.828)
    assert math.isclose(rest.std(), 0.05 / 2.828, rel_tol=0.02)
    firsts = cells[:25]
    assert len(np.unique(firsts, axis=0)) > 10, "points are shuffled"


def test_the_swiss_roll_is_scikit_learns() -> None:
    mine = _draw("swissroll", 20_000)
    theirs = make_swiss_roll(20_000, noise=0.25, random_state=0)[0][:, [0, 2]] / 7.5
    for angle in np.linspace(0, math.pi, 7):
        direction = np.array([math.cos(angle), math.sin(angle)])
        assert ks_2samp(mine @ direction, theirs @ direction).pvalue > 0.001


def test_the_swiss_roll_without_noise_is_an_archimedean_spiral() -> None:
    class NoNoise(np.random.Generator):
        def standard_normal(self, size=None, *args, **kwargs):  # type: ignore[no-untyped-def]
            return np.zeros(size)

    from steadygan.data.sources.points import swiss_roll

    points = swiss_roll(NoNoise(np.random.PCG64(0)), 1000).astype(np.float64) * 7.5
    radius = np.hypot(points[:, 0], points[:, 1])
    assert radius.min() >= 1.5 * math.pi - 1e-5
    assert radius.max() <= 4.5 * math.pi + 1e-5
    assert np.allclose(points[:, 0], radius * np.cos(radius), atol=1e-4)


@pytest.mark.parametrize("name", ["8gaussians", "25gaussians", "swissroll"])
def test_held_out_points_are_the_same_every_time_and_none_is_trained_on(name: str) -> None:
    first, second = (open_data(DataOptions(source=name)) for _ in range(2))
    assert first.held_out.samples.shape == (2_000, 2)
    assert np.array_equal(first.held_out.samples, second.held_out.samples)
    assert first.fingerprint == second.fingerprint
    assert first.sample.shape == (2,)
    assert first.sample.classes == 0
    if isinstance(first.train, Stored):
        trained = {tuple(point) for point in first.train.samples.tolist()}
        assert not trained & {tuple(point) for point in first.held_out.samples.tolist()}


def test_draws_depend_on_the_generator_alone() -> None:
    train = open_data(DataOptions(source="8gaussians")).train
    assert isinstance(train, Endless)
    assert np.array_equal(train.draw(fixed_generator(9), 5)[0], train.draw(fixed_generator(9), 5)[0])
    assert not np.array_equal(train.draw(fixed_generator(9), 5)[0], train.draw(fixed_generator(8), 5)[0])


@pytest.mark.parametrize(("option", "value"), [("size", 32), ("channels", 3)])
def test_points_have_no_pixels(option: str, value: int) -> None:
    with pytest.raises(UsageError, match=f"data {option} is {value}, but 'swissroll' are points"):
        open_data(DataOptions(source="swissroll", **{option: value}))  # type: ignore[arg-type]
