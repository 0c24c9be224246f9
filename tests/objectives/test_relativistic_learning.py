"""R3GAN's small preset learns digits of 8x8 pixels; an untrained one misses the bound."""

from __future__ import annotations

import dataclasses

import pytest

from steadygan.networks import R3GANCritic, R3GANGenerator
from steadygan.recipe import stretched
from steadygan.recipes import r3gan
from tests.objectives.test_learning import likeness, trained

ROUNDS = 250


def small(sample):
    recipe = dataclasses.replace(
        r3gan(sample), generator=R3GANGenerator(16, blocks=1), critic=R3GANCritic(16, blocks=1)
    )
    return stretched(recipe, ROUNDS)


@pytest.mark.slow
def test_r3gan_learns_digits_that_differ(tmp_path):
    run = trained(tmp_path, small, ROUNDS)
    off, spread = likeness(run)
    assert off < 0.14
    assert 0.6 < spread < 1.15
    assert run.rows[-1]["penalty_weight/0"] < 0.1 * run.rows[0]["penalty_weight/0"] + 0.01


def test_an_untrained_r3gan_misses_the_bound(tmp_path):
    off, _ = likeness(trained(tmp_path, small, 1))
    assert off > 0.2
