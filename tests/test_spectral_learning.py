"""Small real trainings of spectral recipes on digits of 8x8 pixels, against bounds that broken ones miss."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.datasets import load_digits

import steadygan as sg
from steadygan.networks import ResNetCritic, ResNetGenerator, SNDCGANCritic, SNDCGANGenerator
from steadygan.optimizers import Adam, two_time_scale
from steadygan.recipe import RunOptions
from steadygan.recipes import sagan, sngan

RUN = RunOptions(
    precision="fp32", threads=1, log_every=50, picture_every=10_000, checkpoint_every=10_000, evaluate="none"
)
COUNT = 500


def trained(folder, make, rounds, **changes):
    """A run of a recipe on digits."""
    recipe = dataclasses.replace(make(sg.SampleSpec((1, 8, 8), 10)), run=RUN, **changes)
    return sg.train(recipe, data="digits", out=folder / "run", rounds=rounds, observers=[])


def pixels(run):
    return run.sample(COUNT, seed=5).reshape(COUNT, -1) / 255


def likeness(run):
    """How far samples' mean pixels are from those of real digits, and their deviation as a share of the real one."""
    samples, real = pixels(run), load_digits().data / 16
    return np.abs(samples.mean(0) - real.mean(0)).mean(), samples.std(0).mean() / real.std(0).mean()


def obedience(run):
    """The share of samples that are nearest to the mean digit of the class that was asked for."""
    digits = load_digits()
    means = np.stack([digits.data[digits.target == digit].mean(0) / 16 for digit in range(10)])
    nearest = ((pixels(run)[:, None] - means) ** 2).sum(2).argmin(1)
    return (nearest == run.labels(COUNT, seed=5).numpy()).mean()


QUICK = {
    "generator": SNDCGANGenerator(16),
    "critic": SNDCGANCritic(16),
    "generator_optimizer": Adam(1e-3, betas=(0.5, 0.999)),
    "critic_optimizer": Adam(1e-3, betas=(0.5, 0.999)),
    "batch": 32,
}


@pytest.mark.slow
def test_sngan_learns_digits_that_differ(tmp_path):
    run = trained(tmp_path, sngan, 200, **QUICK)
    off, spread = likeness(run)
    assert off < 0.06
    assert spread > 0.7
    last = run.rows[-1]
    sigmas = [value for name, value in last.items() if name.startswith("sigma/critic.")]
    assert len(sigmas) == 4 and all(np.isfinite(sigmas)) and min(sigmas) > 0


def test_an_untrained_sngan_misses_the_bound(tmp_path):
    off, _ = likeness(trained(tmp_path, sngan, 1, **QUICK))
    assert off > 0.2


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


@pytest.mark.slow
def test_sagan_makes_the_digit_that_is_asked_for(tmp_path):
    run = trained(tmp_path, sagan, 300, **attentive(projection=True))
    assert obedience(run) > 0.5
    assert likeness(run)[0] < 0.08


@pytest.mark.slow
def test_a_critic_that_does_not_look_at_the_class_misses_the_bound(tmp_path):
    assert obedience(trained(tmp_path, sagan, 60, **attentive())) < 0.2
