"""The default for folders of pictures: R3GAN's loss with lazy penalties, on sub-pixel networks; and with classes."""

from __future__ import annotations

import dataclasses

from steadygan.losses import RelativisticPaired
from steadygan.networks import LabelledGenerator, SubpixelCritic, SubpixelGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import R1, R2
from steadygan.perturbations import DiffAugment
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.recipes.relativistic import r3gan
from steadygan.schedules import Cosine
from steadygan.types import SampleSpec

EVERY = 4
"""critic steps from one penalty to the next"""


def pictures(sample: SampleSpec = IMAGES) -> Recipe:
    """R3GAN's loss with R1 and R2 on every fourth step, DiffAugment, and networks that are cheap on a processor.

    Huang et al. 2024 (R3GAN's loss), Karras et al. 2020 (lazy penalties), Zhao et al. 2020 (DiffAugment), Chen et al.
    2019 (self-modulated batch norm in the generator); no norm in the critic. The settings are those that came closest
    to four kinds of pictures in trials of a minute or two on one core, one seed each (docs/folders.md);
    gamma grows with the number of pixels.
    """
    base = r3gan(sample)
    weight = _gamma(sample)
    gamma = Cosine(base.rounds, weight, weight / 10)
    optimizer = base.critic_optimizer
    assert isinstance(optimizer, Adam)
    return dataclasses.replace(
        base,
        name="pictures",
        generator=SubpixelGenerator(upsampling="nearest", smooth=True),
        critic=SubpixelCritic(),
        objective=Adversarial(RelativisticPaired()),
        penalties=(R1(gamma, every=EVERY), R2(gamma, every=EVERY)),
        perturbation=DiffAugment(probability=Cosine(base.rounds, 0.0, 0.55)),
        critic_optimizer=dataclasses.replace(optimizer, lr=2e-3),
    )


def pictures_by_class(sample: SampleSpec = IMAGES) -> Recipe:
    """The recipe 'pictures' for labelled pictures: a class can be asked for; needs data with labels.

    The label joins the latent, which modulates all norms of the generator, and the critic's score has a projection of
    the class (Miyato & Koyama 2018). Fakes are paired with real pictures of their class, as in R3GAN's code.
    """
    base = pictures(sample)
    return dataclasses.replace(
        base,
        name="pictures-by-class",
        generator=LabelledGenerator(SubpixelGenerator(upsampling="nearest", smooth=True)),
        critic=SubpixelCritic(projection=True),
    )


def _gamma(sample: SampleSpec) -> float:
    """The penalties' gamma at first: 1 at 32x32 pixels, and in proportion to the pixels."""
    if not sample.is_image:
        return 1.0
    return sample.shape[1] * sample.shape[2] / 32**2
