"""BEGAN on digits of 8x8 pixels, against bounds that untrained and unbalanced trainings miss."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.data import open_data
from steadygan.objectives import BoundaryEquilibrium
from steadygan.optimizers import Adam
from steadygan.recipes import began
from tests.learning.trained import likeness, trained

QUICK = Adam(1e-3, betas=(0.5, 0.999))
"""of the critic, at the generator's rate"""


@pytest.fixture(scope="module")
def balanced(tmp_path_factory):
    """A run of BEGAN."""
    return trained(tmp_path_factory.mktemp("began"), began, 120, critic_optimizer=QUICK)


@pytest.mark.slow
def test_began_learns_digits_that_differ(balanced):
    distance, spread = likeness(balanced)
    assert distance < 0.13
    assert spread > 0.4


def test_an_untrained_began_misses_the_bound(tmp_path):
    distance, _ = likeness(trained(tmp_path, began, 1))
    assert distance > 0.2


@pytest.mark.slow
def test_without_balance_all_of_begans_samples_become_one(tmp_path):
    unbalanced = BoundaryEquilibrium(gamma=1.0, rate=0.0)  # k stays 0: fakes never count
    _, spread = likeness(trained(tmp_path, began, 60, critic_optimizer=QUICK, objective=unbalanced))
    assert spread < 0.25


@pytest.mark.slow
def test_inverted_latents_of_held_out_digits_reconstruct_them(balanced):
    run = balanced
    digits = open_data(run.recipe.data).held_out.samples[:16]
    ends = [run.find_latents(each, steps=120) for each in (digits, digits[..., ::-1].copy())]
    near, others = run.decode(ends[0]).astype(float), run.sample(16, seed=3).astype(float)
    assert np.abs(near - digits).mean() < 0.6 * np.abs(others - digits).mean()
    assert max(latents.abs().max() for latents in ends) <= 1.0
    strips = run.mix(*ends, 5)
    steps = np.abs(np.diff(strips.astype(float), axis=0)).mean(axis=(1, 2, 3, 4))
    assert steps.max() < np.abs(strips[-1].astype(float) - strips[0]).mean()  # no jump on the way
