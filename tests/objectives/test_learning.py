"""Small real trainings on digits of 8x8 pixels, against bounds that untrained and broken ones miss."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

import steadygan as sg
from steadygan.data import open_data
from steadygan.networks import ConvAutoencoderCritic, DCGANCritic, DCGANGenerator, LabelledGenerator
from steadygan.objectives import BoundaryEquilibrium
from steadygan.optimizers import Adam
from steadygan.recipe import RunOptions
from steadygan.recipes import acgan, acgan_wgan_gp, began, ebgan_pt

RUN = RunOptions(
    precision="fp32", threads=1, log_every=100, picture_every=10_000, checkpoint_every=10_000, evaluate="none"
)
COUNT = 500


def trained(folder, make, rounds, **changes):
    """A run of a recipe on digits."""
    recipe = dataclasses.replace(make(sg.SampleSpec((1, 8, 8), 10)), run=RUN, **changes)
    return sg.train(recipe, data="digits", out=folder / "run", rounds=rounds, observers=[])


def likeness(run):
    """How far samples' mean pixels are from those of real digits, and their deviation as a share of the real one."""
    pixels, real = run.sample(COUNT, seed=5).reshape(COUNT, -1) / 255, load_digits().data / 16
    return np.abs(pixels.mean(0) - real.mean(0)).mean(), pixels.std(0).mean() / real.std(0).mean()


def obedience(run):
    """The share of samples that a classifier of real digits finds to be of the class that was asked for."""
    digits = load_digits()
    judge = LogisticRegression(max_iter=300).fit(digits.data / 16, digits.target)
    found = judge.predict(run.sample(COUNT, seed=5).reshape(COUNT, -1) / 255)
    return (found == run.labels(COUNT, seed=5).numpy()).mean()


@pytest.fixture(scope="module")
def balanced(tmp_path_factory):
    """A run of BEGAN as its recipe is."""
    return trained(tmp_path_factory.mktemp("began"), began, 300)


@pytest.mark.slow
def test_began_learns_digits_that_differ(balanced):
    off, spread = likeness(balanced)
    assert off < 0.09
    assert spread > 0.5


def test_an_untrained_began_misses_the_bound(tmp_path):
    off, _ = likeness(trained(tmp_path, began, 1))
    assert off > 0.2


@pytest.mark.slow
def test_without_balance_all_of_begans_samples_become_one(tmp_path):
    unbalanced = BoundaryEquilibrium(gamma=1.0, rate=0.0)  # k stays 0: fakes never count
    _, spread = likeness(trained(tmp_path, began, 150, objective=unbalanced))
    assert spread < 0.25


@pytest.mark.slow
def test_inverted_latents_of_held_out_digits_reconstruct_them(balanced):
    run = balanced
    digits = open_data(run.recipe.data).held_out.samples[:16]
    ends = run.find_latents(digits), run.find_latents(digits[..., ::-1].copy())
    near, others = run.decode(ends[0]).astype(float), run.sample(16, seed=3).astype(float)
    assert np.abs(near - digits).mean() < 0.6 * np.abs(others - digits).mean()
    assert max(latents.abs().max() for latents in ends) <= 1.0
    strips = run.mix(*ends, 5)
    steps = np.abs(np.diff(strips.astype(float), axis=0)).mean(axis=(1, 2, 3, 4))
    assert steps.max() < np.abs(strips[-1].astype(float) - strips[0]).mean()  # no jump on the way


@pytest.mark.slow
def test_ebgan_pt_learns_digits_that_differ(tmp_path):
    quick = Adam(1e-3, betas=(0.5, 0.999))
    changes = {"generator_optimizer": quick, "critic_optimizer": quick}
    small = {"generator": DCGANGenerator(16), "critic": ConvAutoencoderCritic(16)}
    off, spread = likeness(trained(tmp_path, ebgan_pt, 250, **small, **changes))
    assert off < 0.1
    assert spread > 0.5


QUICK = {
    "generator": LabelledGenerator(DCGANGenerator(16)),
    "critic": DCGANCritic(16, norm="batch", class_logits=True),
    "generator_optimizer": Adam(4e-3, betas=(0.5, 0.999)),
    "critic_optimizer": Adam(4e-3, betas=(0.5, 0.999)),
    "batch": 32,
}


@pytest.mark.slow
def test_acgan_makes_the_digit_that_is_asked_for(tmp_path):
    run = trained(tmp_path, acgan, 250, **QUICK)
    assert obedience(run) > 0.8
    off, spread = likeness(run)
    assert off < 0.06 and spread > 0.7


@pytest.mark.slow
def test_acgan_on_wgan_gp_makes_the_digit_that_is_asked_for(tmp_path):
    critic, steady = dataclasses.replace(QUICK["critic"], norm="none"), Adam(4e-3, betas=(0.0, 0.9))
    changes = {**QUICK, "critic": critic, "generator_optimizer": steady, "critic_optimizer": steady}
    assert obedience(trained(tmp_path, acgan_wgan_gp, 220, **changes)) > 0.4


def test_an_untrained_acgan_misses_the_bounds(tmp_path):
    run = trained(tmp_path, acgan, 1, **QUICK)
    assert obedience(run) < 0.2
    assert likeness(run)[0] > 0.2


@pytest.mark.slow
def test_an_unconditional_generator_misses_the_bound(tmp_path):
    assert obedience(trained(tmp_path, acgan, 150, **{**QUICK, "generator": DCGANGenerator(16)})) < 0.2
