"""R3GAN with DiffAugment for folders of a few thousand pictures."""

from __future__ import annotations

import dataclasses

from steadygan.data.options import DataOptions
from steadygan.networks import R3GANCritic, R3GANGenerator
from steadygan.optimizers import Adam
from steadygan.perturbations import DiffAugment
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.recipes.relativistic import r3gan
from steadygan.schedules import Cosine
from steadygan.types import SampleSpec


def photos(sample: SampleSpec = IMAGES) -> Recipe:
    """R3GAN with DiffAugment and horizontal flips, sized for a laptop: for a few thousand pictures.

    Huang et al. 2024 (R3GAN), Zhao et al. 2020 (DiffAugment). Narrow networks with two blocks a stage, batch 16, the
    critic at twice the generator's rate, and an augmentation probability from 0 to 0.55: of the settings tried on
    3,000 pictures of 32 px in the same time, the best (docs/photos.md). Above 64 px half the width, as a laptop does
    few rounds there.
    """
    base = r3gan(sample)
    width = 16 if sample.side <= 64 else 8
    optimizer = base.critic_optimizer
    assert isinstance(optimizer, Adam)
    return dataclasses.replace(
        base,
        name="photos",
        generator=R3GANGenerator(width, blocks=2),
        critic=R3GANCritic(width, blocks=2),
        perturbation=DiffAugment(probability=Cosine(base.rounds, 0.0, 0.55)),
        critic_optimizer=dataclasses.replace(optimizer, lr=2e-3),
        data=DataOptions(flip=True),
    )
