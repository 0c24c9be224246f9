"""Folders of pictures: what to train on a few thousand of them."""

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
    """R3GAN's method with DiffAugment and mirrored pictures, sized for a laptop: for a few thousand pictures.

    Huang et al. 2024 (R3GAN), Zhao et al. 2020 (DiffAugment). Narrow networks with two blocks a stage, batch 16, the
    critic at twice the generator's rate, and augmentation that begins with few samples and ends with 55% of them: of
    the settings that were tried on 3,000 pictures of 32 px in the same time, this came nearest (docs/photos.md). Above
    64 px half the width: a laptop's rounds are few there.
    """
    base = r3gan(sample)
    width = 16 if sample.shape[-1] <= 64 else 8
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
