"""MSG-GAN on digits of 8x8 pixels: they are learned, and their sizes come to agree."""

from __future__ import annotations

import pytest

from steadygan.metrics.scales import scale_agreement
from steadygan.networks import MultiScaleCritic, MultiScaleGenerator
from steadygan.optimizers import Adam
from steadygan.recipes import msg_gan
from tests.learning.trained import COUNT, likeness, trained


def narrow(tmp_path, rounds):
    """A run of narrow networks at twice the recipe's rate."""
    adam = Adam(6e-3, betas=(0.0, 0.99))
    changes = {"generator_optimizer": adam, "critic_optimizer": adam}
    return trained(tmp_path, msg_gan, rounds, generator=MultiScaleGenerator(16), critic=MultiScaleCritic(16), **changes)


@pytest.mark.slow
def test_msg_gan_learns_digits_whose_sizes_agree(tmp_path):
    run = narrow(tmp_path, 100)
    distance, spread = likeness(run)
    assert distance < 0.1
    assert spread > 0.6
    agreement = scale_agreement(run.scales(COUNT, seed=5))[4]
    assert agreement.difference.value < 70
    assert agreement.correlation > 0.2


def test_an_untrained_msg_gan_misses_the_bounds(tmp_path):
    run = narrow(tmp_path, 1)
    assert likeness(run)[0] > 0.2
    agreement = scale_agreement(run.scales(COUNT, seed=5))[4]
    assert agreement.difference.value > 120
    assert agreement.correlation < 0.2
