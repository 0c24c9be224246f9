"""Recipes on digits of 8x8 pixels, against bounds that untrained generators miss."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest

import steadygan as sg
from steadygan.networks import (
    ConvAutoencoderCritic,
    DCGANCritic,
    DCGANGenerator,
    R3GANCritic,
    R3GANGenerator,
    SNDCGANCritic,
    SNDCGANGenerator,
)
from steadygan.optimizers import Adam, RMSprop
from steadygan.perturbations import Adaptive, DiffAugment
from steadygan.recipe import stretched
from steadygan.recipes import (
    dcgan,
    dragan,
    ebgan,
    ebgan_pt,
    feature_matching,
    instance_noise,
    lecam,
    lsgan,
    minibatch_discrimination,
    photos,
    r3gan,
    sngan,
    wgan,
    wgan_gp,
)
from steadygan.schedules import Constant
from tests.learning.trained import Make, likeness, rarest_class, trained


class Case(NamedTuple):
    """A training and its bounds."""

    make: Make
    rounds: int
    distance: float
    """of mean pixels, at most"""
    spread: tuple[float, float] = (0.0, np.inf)
    """of the samples' deviation as a share of the real one"""
    rarest: float = -1.0
    """share of the rarest class, at least"""
    record: Callable[[sg.Run], bool] = lambda run: True
    """what the record has to show"""


def small(make, **changes):
    """A recipe on a narrow generator with other fields changed."""
    return lambda sample: dataclasses.replace(make(sample), **{"generator": DCGANGenerator(16), **changes})


def short(make, rounds, **changes):
    """The same, fitted to so few rounds."""
    return small(lambda sample: stretched(make(sample), rounds), **changes)


def both(optimizer):
    """One optimizer for both players."""
    return {"generator_optimizer": optimizer, "critic_optimizer": optimizer}


def faster(make, factor):
    """A recipe at higher rates, whose schedules stay."""

    def quick(sample):
        recipe = make(sample)
        players = {name: getattr(recipe, name) for name in ("generator_optimizer", "critic_optimizer")}
        return dataclasses.replace(recipe, **{k: dataclasses.replace(o, lr=factor * o.lr) for k, o in players.items()})

    return quick


def remedy(make, **rate):
    """A recipe of a remedy beside DCGAN's loss, whose critic is narrow."""

    def narrow(sample):
        recipe = make(sample)
        return small(make, critic=dataclasses.replace(recipe.critic, width=16), **rate)(sample)

    return narrow


def sigmas_are_logged(run):
    """Each of the critic's layers has a finite spectral norm above 0."""
    sigmas = [value for name, value in run.rows[-1].items() if name.startswith("sigma/critic.")]
    return len(sigmas) == 4 and all(np.isfinite(sigmas)) and min(sigmas) > 0


def penalty_fell(run):
    """The penalty's weight went down with its schedule."""
    return run.rows[-1]["penalty_weight/0"] < 0.1 * run.rows[0]["penalty_weight/0"] + 0.01


def probability_grew(run):
    """The probability of augmentation rose from 0."""
    chances = [row["perturbation_probability"] for row in run.rows]
    return chances[0] == 0.0 and 0.2 < chances[-1] < 0.9


QUICK, QUICKER = both(Adam(2e-3, betas=(0.5, 0.999))), both(Adam(4e-3, betas=(0.5, 0.999)))
NORMED, BARE = {"critic": DCGANCritic(16, norm="batch")}, {"critic": DCGANCritic(16)}
R3GAN = {"generator": R3GANGenerator(16, blocks=1), "critic": R3GANCritic(16, blocks=1)}
SNDCGAN = {"generator": SNDCGANGenerator(16), "critic": SNDCGANCritic(16)}
AUTOENCODER = {"critic": ConvAutoencoderCritic(16)}
DIFFER = (0.4, 1.3)
ADAPTIVE = Adaptive(DiffAugment(), target=0.3, images=8_000)
SOME_OF_ALL = 0.01
"""share of the rarest class; of an untrained generator 0"""

CASES = {
    "wgan-gp": Case(small(wgan_gp, **BARE, **both(Adam(4e-3, betas=(0.0, 0.9))), batch=32), 40, 0.06, rarest=0.03),
    "dcgan": Case(small(dcgan, **NORMED, **QUICK), 90, 0.13),
    "lsgan": Case(small(lsgan, **NORMED, **both(RMSprop(1e-3))), 100, 0.13),
    "wgan": Case(small(wgan, **NORMED, **both(RMSprop(1e-3)), critic_steps=Constant(5)), 25, 0.09),
    "dragan": Case(short(dragan, 120, **BARE, **QUICK), 120, 0.15, DIFFER),
    "ebgan": Case(short(ebgan, 60, **AUTOENCODER, **QUICKER), 60, 0.1, DIFFER),
    "ebgan-pt": Case(small(ebgan_pt, **AUTOENCODER, **QUICKER), 60, 0.1, (0.5, np.inf)),
    "instance-noise": Case(short(instance_noise, 90, **NORMED, **QUICK), 90, 0.13, DIFFER),
    "photos": Case(short(faster(photos, 2), 70, **R3GAN), 70, 0.16, DIFFER),
    "r3gan": Case(short(faster(r3gan, 4), 70, **R3GAN), 70, 0.14, DIFFER, record=penalty_fell),
    "sngan": Case(small(sngan, **SNDCGAN, **QUICK, batch=32), 90, 0.11, (0.65, np.inf), record=sigmas_are_logged),
    "minibatch-discrimination": Case(remedy(minibatch_discrimination, **QUICKER), 70, 0.12, rarest=SOME_OF_ALL),
    "feature-matching": Case(remedy(feature_matching, **QUICKER), 50, 0.1, rarest=SOME_OF_ALL),
    "lecam": Case(remedy(lambda sample: stretched(lecam(sample), 100), **QUICK), 100, 0.14, DIFFER),
    "adaptive augmentation": Case(
        short(dcgan, 100, **BARE, **QUICK, perturbation=ADAPTIVE), 100, 0.17, (0.4, np.inf), record=probability_grew
    ),
}
UNTRAINED = ("feature-matching", "sngan", "r3gan")
"""one case of each generator"""


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_it_learns_digits_that_differ(name, tmp_path):
    case = CASES[name]
    run = trained(tmp_path, case.make, case.rounds)
    distance, spread = likeness(run)
    assert distance < case.distance
    assert case.spread[0] < spread < case.spread[1]
    assert rarest_class(run) > case.rarest
    assert case.record(run)


@pytest.mark.parametrize("name", UNTRAINED)
def test_untrained_it_misses_the_bounds(name, tmp_path):
    run = trained(tmp_path, CASES[name].make, 1)
    assert likeness(run)[0] > 0.2
    assert rarest_class(run) == 0.0
