"""ProGAN on digits of 8x8 pixels: it learns them while it grows from 4x4, and misses the bound where it does not grow."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from sklearn.datasets import load_digits

from steadygan.growth import Growth
from steadygan.networks import ProGANCritic, ProGANGenerator
from steadygan.optimizers import Adam
from steadygan.priors import Normal
from steadygan.recipes import progan
from tests.learning.trained import likeness, pixels, trained


def grown(folder, rounds):
    """A run of narrow networks, of whose rounds a fifth are at 4 px and two fifths of a fade."""
    adam = Adam(3e-3, betas=(0.0, 0.99))
    images = 32 * max(1, rounds // 5)
    return trained(
        folder, lambda sample: dataclasses.replace(progan(sample), rounds=rounds), rounds, generator=ProGANGenerator(128, 16), critic=ProGANCritic(128, 16), prior=Normal(16),
        growth=Growth(images, images, (32,)), batch=16, generator_optimizer=adam, critic_optimizer=adam,
    )  # fmt: skip


def detail(run) -> float:
    """The deviation of pixels from their 2x2 means, as a share of the real digits'."""
    deviations = []
    for images in (pixels(run), load_digits().data / 16):
        images = images.reshape(-1, 4, 2, 4, 2)
        deviations.append((images - images.mean((2, 4), keepdims=True)).std())
    return float(deviations[0] / deviations[1])


@pytest.mark.slow
def test_progan_learns_digits_while_it_grows(tmp_path):
    run = grown(tmp_path, 200)
    distance, spread = likeness(run)
    print(distance, spread, detail(run))
    assert distance < 0.1
    assert spread > 0.5
    assert detail(run) > 0.5
    assert np.isfinite(distance)
