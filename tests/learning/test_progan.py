"""ProGAN on digits of 8x8 pixels: it learns them while it grows, and one that stays at 4x4 misses the bounds."""

from __future__ import annotations

import dataclasses

import pytest
from sklearn.datasets import load_digits

from steadygan.growth import Growth, Stage
from steadygan.networks import ProGANCritic, ProGANGenerator
from steadygan.optimizers import Adam
from steadygan.priors import Normal
from steadygan.recipes import progan
from tests.learning.trained import likeness, pixels, trained


def grown(folder, rounds):
    """A run of narrow networks, of whose rounds a fifth are at 4 px and a fifth or more of a fade."""
    adam = Adam(5e-3, betas=(0.0, 0.99))
    images = 32 * max(1, rounds // 5)
    return trained(
        folder,
        lambda sample: dataclasses.replace(progan(sample), rounds=rounds),
        rounds,
        generator=ProGANGenerator(128, 16),
        critic=ProGANCritic(128, 16),
        prior=Normal(16),
        growth=Growth(images, images, (32,)),
        batch=16,
        generator_optimizer=adam,
        critic_optimizer=adam,
    )


def detail(run) -> float:
    """The deviation of pixels from their 2x2 means, as a share of the real digits'."""
    deviations = []
    for images in (pixels(run), load_digits().data / 16):
        images = images.reshape(-1, 4, 2, 4, 2)
        deviations.append((images - images.mean((2, 4), keepdims=True)).std())
    return float(deviations[0] / deviations[1])


def learned(run) -> bool:
    distance, spread = likeness(run)
    return distance < 0.16 and spread > 0.6 and detail(run) > 0.4


@pytest.mark.slow
def test_progan_learns_digits_while_it_grows(tmp_path):
    assert learned(grown(tmp_path, 110))


@pytest.mark.slow
def test_one_that_stays_small_misses_the_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(Growth, "at", lambda *_: Stage(0, 0.0))
    run = grown(tmp_path, 60)
    assert not learned(run)
    assert detail(run) == 0.0
