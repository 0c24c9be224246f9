"""WGAN-GP on the ring of eight Gaussians, against bounds that untrained and unpenalised trainings miss."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

import steadygan as sg
from steadygan.networks import MLPCritic, MLPGenerator
from steadygan.optimizers import Adam
from steadygan.recipes import wgan_gp
from steadygan.schedules import Constant
from tests.learning.trained import trained


def wasserstein_1(a, b):
    """The exact distance of two point sets of one size, by optimal assignment."""
    cost = cdist(a, b)
    return cost[linear_sum_assignment(cost)].mean()


def ring_distance(tmp_path, rounds, weight=0.1):
    """W1 from a generator's points to held-out points of the ring, and the modes it reaches."""
    base = wgan_gp(sg.SampleSpec((2,)))
    run = trained(
        tmp_path,
        wgan_gp,
        rounds,
        data="8gaussians",
        sample=sg.SampleSpec((2,)),
        generator=MLPGenerator(width=64),
        critic=MLPCritic(width=64),
        penalties=(dataclasses.replace(base.penalties[0], weight=weight),),
        critic_steps=Constant(3),
        generator_optimizer=Adam(3e-3, betas=(0.5, 0.9)),
        critic_optimizer=Adam(3e-3, betas=(0.5, 0.9)),
        batch=64,
    )
    points = run.sample(500, seed=3)
    held = sg.data.open_data(run.recipe.data).held_out.samples[:500]
    angles = np.arange(8) * np.pi / 4
    centres = 2 / 1.414 * np.stack([np.cos(angles), np.sin(angles)], 1)
    nearest = cdist(points, centres)
    reached = np.bincount(nearest.argmin(1)[nearest.min(1) < 0.3], minlength=8)
    return wasserstein_1(points, held), int((reached >= 10).sum())


@pytest.mark.slow
def test_wgan_gp_reaches_all_modes_of_the_ring(tmp_path):
    distance, modes = ring_distance(tmp_path, 320)
    assert modes == 8
    assert distance < 0.45


@pytest.mark.slow
def test_without_its_penalty_the_same_training_misses_the_bound(tmp_path):
    distance, modes = ring_distance(tmp_path, 60, weight=0.0)
    assert distance > 0.7
    assert modes < 8


def test_an_untrained_generator_misses_the_bound(tmp_path):
    distance, modes = ring_distance(tmp_path, 1)
    assert distance > 0.7
    assert modes < 8
