"""MSG-GAN: the papers' numbers, and what it refuses."""

from __future__ import annotations

import dataclasses

import pytest

import steadygan as sg
from steadygan.errors import UsageError
from steadygan.losses import Wasserstein
from steadygan.optimizers import Adam
from steadygan.penalties import Between, Drift, GradientPenalty
from steadygan.recipe import RunOptions
from steadygan.recipes import msg_gan
from steadygan.representations import Pyramid
from steadygan.types import SampleSpec


@pytest.mark.parametrize(("size", "width"), [(8, 64), (32, 64), (64, 32), (128, 32)])
def test_maps_are_few_enough_for_a_laptop(size, width):
    recipe = msg_gan(SampleSpec((3, size, size)))
    assert (recipe.generator.width, recipe.critic.width) == (width, width)


def test_msg_gan_has_wgan_gps_penalty_over_all_sizes_and_the_rate_of_the_authors_code():
    recipe = msg_gan(SampleSpec((3, 32, 32)))
    assert recipe.generator_optimizer == recipe.critic_optimizer == Adam(3e-3, betas=(0.0, 0.99))
    assert recipe.objective.loss == Wasserstein()
    assert recipe.penalties == (GradientPenalty(weight=10.0, target=1.0, at=Between()), Drift(1e-3))
    assert (recipe.critic.combine, recipe.critic.group) == ("lin_cat", 4)
    assert recipe.representation == Pyramid(4) and recipe.steps(0) == 1
    assert msg_gan(SampleSpec((1, 28, 28))).representation == Pyramid(7)
    assert recipe.average.decay(32, 10**9) == pytest.approx(0.999, abs=1e-4)


def test_points_are_refused_with_what_to_use():
    recipe = dataclasses.replace(msg_gan(SampleSpec((2,))), run=RunOptions(evaluate="none"))
    with pytest.raises(UsageError, match="for pictures, but a sample is 2: a recipe for points is wgan-gp"):
        sg.train(recipe, data="8gaussians", rounds=1, observers=[])
