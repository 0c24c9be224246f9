"""Character-level text: the language model of the WGAN-GP paper."""

from __future__ import annotations

import dataclasses

from steadygan.data.options import DataOptions
from steadygan.losses import NonSaturating, Wasserstein
from steadygan.networks import TextCritic, TextGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import GradientPenalty
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.representations import OneHot
from steadygan.schedules import Constant
from steadygan.types import SampleSpec


def text(sample: SampleSpec = IMAGES) -> Recipe:
    """WGAN-GP's language model: lines of text, the generator's softmax straight into the critic.

    Gulrajani et al. 2017, section on text and Table 4; networks, ten critic steps and Adam of the authors' code. The
    paper trains on the Billion Word corpus; without --data, on the documentation that ships with Python.
    """
    optimizer = Adam(1e-4, betas=(0.5, 0.9))
    return Recipe(
        name="text",
        generator=TextGenerator(width=512),
        critic=TextCritic(width=512),
        objective=Adversarial(Wasserstein()),
        penalties=(GradientPenalty(weight=10.0, target=1.0),),
        critic_steps=Constant(10),
        prior=Normal(128),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        batch=64,
        representation=OneHot(sample.shape[0] if sample.is_text else None),
        data=DataOptions(source="python-docs"),
        rounds=200_000,
    )


def text_gan(sample: SampleSpec = IMAGES) -> Recipe:
    """The language model with the non-saturating loss and no penalty, for comparison with WGAN-GP.

    Goodfellow et al. 2014; Gulrajani et al. 2017 report that it gave nothing comparable on text.
    """
    return dataclasses.replace(text(sample), name="text-gan", objective=Adversarial(NonSaturating()), penalties=())
