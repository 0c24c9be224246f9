"""Conditional recipes on digits of 8x8 pixels: the class that was asked for, against bounds that untrained and
unconditional networks miss."""

from __future__ import annotations

import dataclasses

import pytest

from steadygan.losses import Wasserstein
from steadygan.networks import (
    BigGANCritic,
    BigGANGenerator,
    ClassifierEncoder,
    DCGANCritic,
    DCGANGenerator,
    LabelledGenerator,
    ResNetCritic,
    ResNetGenerator,
    StackedCritic,
    StackedGenerator,
)
from steadygan.objectives import Stacked
from steadygan.optimizers import Adam, two_time_scale
from steadygan.priors import Normal, Uniform
from steadygan.recipes import acgan, acgan_wgan_gp, biggan, projection, sagan, sgan
from steadygan.schedules import Constant
from tests.learning.trained import class_accuracy, first_digits, likeness, trained

TWO, THREE = first_digits(2), first_digits(3)
AUXILIARY = {
    "generator": LabelledGenerator(DCGANGenerator(16)),
    "critic": DCGANCritic(16, norm="batch", class_logits=True),
    "generator_optimizer": Adam(4e-3, betas=(0.5, 0.999)),
    "critic_optimizer": Adam(4e-3, betas=(0.5, 0.999)),
    "batch": 32,
}


def projecting(**critic):
    """The networks of ``projection``, narrow, at quick rates, with one critic step a round."""
    return {
        "generator": ResNetGenerator(12, conditional=True),
        "critic": ResNetCritic(12, pool="sum", spectral=True, **critic),
        "generator_optimizer": Adam(8e-3, betas=(0.0, 0.9)),
        "critic_optimizer": Adam(8e-3, betas=(0.0, 0.9)),
        "critic_steps": Constant(1),
        "batch": 32,
    }


def attentive(**critic):
    """SAGAN's networks, narrow, on small batches at quick rates."""
    generator_optimizer, critic_optimizer = two_time_scale(4e-3, 8e-3)
    return {
        "generator": ResNetGenerator(12, conditional=True, spectral=True, attention=4),
        "critic": ResNetCritic(12, pool="sum", spectral=True, attention=4, **critic),
        "generator_optimizer": generator_optimizer,
        "critic_optimizer": critic_optimizer,
        "batch": 32,
    }


def hierarchical(**critic):
    """BigGAN's networks, narrow, on small batches at quick rates, with one critic step a round."""
    return {
        "generator": BigGANGenerator(4, shared=16, attention=8),
        "critic": BigGANCritic(4, attention=4, **critic),
        "generator_optimizer": Adam(4e-3, betas=(0.0, 0.999)),
        "critic_optimizer": Adam(8e-3, betas=(0.0, 0.999)),
        "critic_steps": Constant(1),
        "batch": 32,
        "prior": Normal(20),
    }


@pytest.mark.slow
def test_acgan_makes_the_digit_that_is_asked_for(tmp_path):
    run = trained(tmp_path, acgan, 110, **THREE, **AUXILIARY)
    assert class_accuracy(run) > 0.7
    distance, spread = likeness(run)
    assert distance < 0.1 and spread > 0.6


@pytest.mark.slow
def test_acgan_on_wgan_gp_makes_the_digit_that_is_asked_for(tmp_path):
    critic, steady = dataclasses.replace(AUXILIARY["critic"], norm="none"), Adam(4e-3, betas=(0.0, 0.9))
    changes = {**AUXILIARY, "critic": critic, "generator_optimizer": steady, "critic_optimizer": steady}
    run = trained(tmp_path, acgan_wgan_gp, 100, **TWO, **changes, critic_steps=Constant(2))
    assert class_accuracy(run) > 0.7


def test_an_untrained_acgan_misses_the_bounds(tmp_path):
    run = trained(tmp_path, acgan, 1, **THREE, **AUXILIARY)
    assert class_accuracy(run) < 0.5
    assert likeness(run)[0] > 0.15


@pytest.mark.slow
def test_an_unconditional_generator_misses_the_bound(tmp_path):
    plain = {**AUXILIARY, "generator": DCGANGenerator(16)}
    assert class_accuracy(trained(tmp_path, acgan, 60, **THREE, **plain)) < 0.5


@pytest.mark.slow
def test_projection_makes_the_digit_that_is_asked_for(tmp_path):
    run = trained(tmp_path, projection, 130, **TWO, **projecting(projection=True))
    assert class_accuracy(run) > 0.75
    assert likeness(run)[0] < 0.12


@pytest.mark.slow
def test_without_the_projection_the_critic_is_not_told_the_class_and_misses_the_bound(tmp_path):
    assert class_accuracy(trained(tmp_path, projection, 60, **TWO, **projecting())) < 0.65


@pytest.mark.slow
def test_sagan_makes_the_digit_that_is_asked_for(tmp_path):
    run = trained(tmp_path, sagan, 80, **TWO, **attentive(projection=True))
    assert class_accuracy(run) > 0.75
    assert likeness(run)[0] < 0.12


@pytest.mark.slow
def test_biggan_makes_the_digit_that_is_asked_for(tmp_path):
    run = trained(tmp_path, biggan, 60, **TWO, **hierarchical())
    assert class_accuracy(run) > 0.75
    distance, spread = likeness(run)
    assert distance < 0.1 and spread > 0.6
    varied = run.sample(100, 1).astype(float).std(0).mean()
    assert run.truncated(0.1).sample(100, 1).astype(float).std(0).mean() < varied  # of classes, still, but less


@pytest.mark.slow
@pytest.mark.parametrize(
    ("recipe", "rounds", "networks"),
    [(sagan, 80, attentive()), (biggan, 60, hierarchical(projection=False))],
    ids=["sagan", "biggan"],
)
def test_without_the_projection_sagan_and_biggan_miss_the_bound(tmp_path, recipe, rounds, networks):
    assert class_accuracy(trained(tmp_path, recipe, rounds, **TWO, **networks)) < 0.65


def stacking(rounds, **objective):
    """Narrow networks of SGAN at quick rates, with one critic step a round; joined after three quarters of them."""
    optimizer = Adam(5e-3, betas=(0.5, 0.9))
    upper = {"features": 32, "noise": 8, "units": 64}
    return {
        "encoder": ClassifierEncoder(8, 16, features=32, steps=200),
        "generator": StackedGenerator(DCGANGenerator(12), **upper, joint_from=rounds * 3 // 4),
        "critic": StackedCritic(DCGANCritic(12), **upper, lower_noise=8),
        "objective": Stacked(Wasserstein(), entropy=2.5, **objective),
        "prior": Uniform(16),
        "generator_optimizer": optimizer,
        "critic_optimizer": optimizer,
        "critic_steps": Constant(1),
        "batch": 32,
    }


@pytest.mark.slow
def test_sgan_makes_the_digit_that_is_asked_for(tmp_path):
    run = trained(tmp_path, sgan, 60, **THREE, **stacking(60))
    assert class_accuracy(run) > 0.75
    distance, spread = likeness(run)
    assert distance < 0.1 and spread > 0.6


@pytest.mark.slow
def test_without_the_conditional_loss_nothing_tells_an_sgan_the_class_and_the_bound_is_missed(tmp_path):
    assert class_accuracy(trained(tmp_path, sgan, 40, **THREE, **stacking(40, conditional=0.0))) < 0.5
