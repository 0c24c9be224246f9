"""Small real trainings that have to learn something, against bounds that untrained and broken ones miss."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import steadygan as sg
from steadygan.networks import DCGANCritic, DCGANGenerator, MLPCritic, MLPGenerator
from steadygan.optimizers import Adam, RMSprop
from steadygan.recipe import RunOptions
from steadygan.recipes import dcgan, lsgan, wgan, wgan_gp
from steadygan.schedules import Constant

RUN = RunOptions(
    precision="fp32", threads=1, log_every=100, picture_every=10_000, checkpoint_every=10_000, evaluate="none"
)


def wasserstein_1(a, b):
    """The exact distance of two point sets of one size, by optimal assignment."""
    cost = cdist(a, b)
    return cost[linear_sum_assignment(cost)].mean()


def ring_distance(tmp_path, recipe, rounds):
    """W1 from a generator's points to held-out points of the ring, and the modes it reaches."""
    run = sg.train(
        dataclasses.replace(recipe, run=RUN), data="8gaussians", out=tmp_path / "run", rounds=rounds, observers=[]
    )
    points = run.sample(500, seed=3)
    held = sg.data.open_data(run.recipe.data).held_out.samples[:500]
    angles = np.arange(8) * np.pi / 4
    centres = 2 / 1.414 * np.stack([np.cos(angles), np.sin(angles)], 1)
    nearest = cdist(points, centres)
    reached = np.bincount(nearest.argmin(1)[nearest.min(1) < 0.3], minlength=8)
    return wasserstein_1(points, held), int((reached >= 10).sum())


def ring_recipe(weight=0.1):
    base = wgan_gp(sg.SampleSpec((2,)))
    return dataclasses.replace(
        base,
        generator=MLPGenerator(width=128),
        critic=MLPCritic(width=128),
        penalties=(dataclasses.replace(base.penalties[0], weight=weight),),
        generator_optimizer=Adam(1e-3, betas=(0.5, 0.9)),
        critic_optimizer=Adam(1e-3, betas=(0.5, 0.9)),
        batch=64,
    )


@pytest.mark.slow
def test_wgan_gp_reaches_all_modes_of_the_ring(tmp_path):
    distance, modes = ring_distance(tmp_path, ring_recipe(), 500)
    assert modes == 8
    assert distance < 0.35


@pytest.mark.slow
def test_without_its_penalty_the_same_training_misses_the_bound(tmp_path):
    distance, modes = ring_distance(tmp_path, ring_recipe(weight=0.0), 250)
    assert distance > 0.5
    assert modes < 8


def test_an_untrained_generator_misses_the_bound(tmp_path):
    distance, modes = ring_distance(tmp_path, ring_recipe(), 1)
    assert distance > 0.9
    assert modes < 8


@pytest.fixture(scope="module")
def judge():
    """A classifier of real digits in [0, 1]."""
    digits = load_digits()
    return LogisticRegression(max_iter=300).fit(digits.data / 16, digits.target)


def digits_verdict(tmp_path, judge, make, rounds, **changes):
    """The smallest class's share, and the pixel means' distance to the real ones."""
    sample = sg.SampleSpec((1, 8, 8), 10)
    recipe = dataclasses.replace(make(sample), run=RUN, **changes)
    run = sg.train(recipe, data="digits", out=tmp_path / "run", rounds=rounds, observers=[])
    pixels = run.sample(500, seed=5).reshape(500, -1) / 255
    share = np.bincount(judge.predict(pixels), minlength=10) / 500
    real = load_digits().data / 16
    return share.min(), np.abs(pixels.mean(0) - real.mean(0)).mean()


SMALL = {"generator": DCGANGenerator(width=16), "critic": DCGANCritic(width=16)}
QUICK = {
    "generator_optimizer": Adam(2e-3, betas=(0.0, 0.9)),
    "critic_optimizer": Adam(2e-3, betas=(0.0, 0.9)),
    "batch": 32,
}


@pytest.mark.slow
def test_wgan_gp_learns_digits_of_every_class(tmp_path, judge):
    rarest, off = digits_verdict(tmp_path, judge, wgan_gp, 250, **SMALL, **QUICK)
    assert rarest > 0.04
    assert off < 0.03


def test_untrained_digits_miss_the_bounds(tmp_path, judge):
    rarest, off = digits_verdict(tmp_path, judge, wgan_gp, 1, **SMALL, **QUICK)
    assert rarest < 0.02
    assert off > 0.15


FAST_CLIPPING = {
    "critic_steps": Constant(5),
    "generator_optimizer": RMSprop(1e-3),
    "critic_optimizer": RMSprop(1e-3),
}


FAST_SQUARES = {"generator_optimizer": RMSprop(5e-4), "critic_optimizer": RMSprop(5e-4)}


@pytest.mark.parametrize(
    ("make", "rounds", "changes"), [(dcgan, 300, {}), (lsgan, 200, FAST_SQUARES), (wgan, 80, FAST_CLIPPING)]
)
def test_the_other_methods_move_towards_the_digits(tmp_path, judge, make, rounds, changes):
    networks = {"generator": DCGANGenerator(width=16), "critic": DCGANCritic(width=16, norm="batch")}
    _, off = digits_verdict(tmp_path, judge, make, rounds, **networks, **changes)
    assert off < 0.15  # untrained: 0.3
