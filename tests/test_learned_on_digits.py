"""Small real trainings on digits of 8x8 pixels of the recipes that no other file trains, against bounds that untrained
and broken ones miss."""

from __future__ import annotations

import dataclasses

import pytest

from steadygan.networks import (
    ConvAutoencoderCritic,
    DCGANCritic,
    DCGANGenerator,
    R3GANCritic,
    R3GANGenerator,
    ResNetCritic,
    ResNetGenerator,
)
from steadygan.optimizers import Adam
from steadygan.perturbations import Adaptive, DiffAugment
from steadygan.recipe import stretched
from steadygan.recipes import dcgan, dragan, ebgan, instance_noise, photos, projection
from steadygan.schedules import Constant
from tests.objectives.test_learning import likeness, obedience, trained

QUICK = {"generator_optimizer": Adam(1e-3, betas=(0.5, 0.999)), "critic_optimizer": Adam(1e-3, betas=(0.5, 0.999))}
ROUNDS = 200


def small(make, **changes):
    """A recipe fitted to so few rounds, on narrow networks, at quick rates."""
    return lambda sample: dataclasses.replace(
        stretched(make(sample), ROUNDS), **{"generator": DCGANGenerator(16), **QUICK, **changes}
    )


def small_photos(sample):
    narrow = {"generator": R3GANGenerator(16, blocks=1), "critic": R3GANCritic(16, blocks=1)}
    return dataclasses.replace(stretched(photos(sample), ROUNDS), **narrow)


CASES = {
    "dragan": (small(dragan, critic=DCGANCritic(16)), 0.11),
    "ebgan": (small(ebgan, critic=ConvAutoencoderCritic(16)), 0.1),
    "instance-noise": (small(instance_noise, critic=DCGANCritic(16, norm="batch")), 0.1),
    "photos": (small_photos, 0.15),
}
cases = pytest.mark.parametrize("name", CASES)


@pytest.mark.slow
@cases
def test_it_learns_digits_that_differ(name, tmp_path):
    make, bound = CASES[name]
    off, spread = likeness(trained(tmp_path, make, ROUNDS))
    assert off < bound
    assert 0.45 < spread < 1.2


@cases
def test_untrained_it_misses_the_bound(name, tmp_path):
    off, _ = likeness(trained(tmp_path, CASES[name][0], 1))
    assert off > 0.2


@pytest.mark.slow
def test_a_probability_that_follows_the_critic_grows_while_digits_are_learned(tmp_path):
    adaptive = small(dcgan, critic=DCGANCritic(16), perturbation=Adaptive(DiffAugment(), target=0.3, images=20_000))
    run = trained(tmp_path, adaptive, 250)
    off, spread = likeness(run)
    assert off < 0.12
    assert spread > 0.45
    chances = [row["perturbation_probability"] for row in run.rows]
    assert chances[0] == 0.0 and 0.2 < chances[-1] < 0.9


def told(**critic):
    """The recipe ``projection`` on small networks at quick rates, with one critic step a round."""
    return {
        "generator": ResNetGenerator(12, conditional=True),
        "critic": ResNetCritic(12, pool="sum", spectral=True, **critic),
        "generator_optimizer": Adam(4e-3, betas=(0.0, 0.9)),
        "critic_optimizer": Adam(8e-3, betas=(0.0, 0.9)),
        "critic_steps": Constant(1),
        "batch": 32,
    }


@pytest.mark.slow
def test_projection_makes_the_digit_that_is_asked_for(tmp_path):
    run = trained(tmp_path, projection, 300, **told(projection=True))
    assert obedience(run) > 0.35
    assert likeness(run)[0] < 0.08


@pytest.mark.slow
def test_without_the_product_the_critic_is_not_told_and_the_bound_is_missed(tmp_path):
    assert obedience(trained(tmp_path, projection, 100, **told())) < 0.25
