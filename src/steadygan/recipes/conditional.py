"""Classes: the critic tells them apart, and the generator makes the one that it is asked for."""

from __future__ import annotations

import dataclasses

from steadygan.losses import NonSaturating, Wasserstein
from steadygan.networks import DCGANCritic, DCGANGenerator, LabelledGenerator, MLPCritic, MLPGenerator
from steadygan.objectives import Adversarial, AuxiliaryClassifier
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.recipes.gan import dcgan
from steadygan.recipes.wasserstein import wgan_gp
from steadygan.types import SampleSpec


def acgan(sample: SampleSpec = IMAGES) -> Recipe:
    """DCGAN with a second head that classifies real and fake samples; needs data with labels.

    Odena et al. 2017, Conditional Image Synthesis with Auxiliary Classifier GANs; networks and optimizer of DCGAN.
    """
    objective = AuxiliaryClassifier(Adversarial(NonSaturating()), generator_weight=1.0, classify_fakes=True)
    return _classified(dcgan(sample), "acgan", objective)


def acgan_wgan_gp(sample: SampleSpec = IMAGES) -> Recipe:
    """WGAN-GP with a second head that classifies; needs data with labels.

    Gulrajani et al. 2017, conditional CIFAR-10 (after Odena et al. 2017). Weights 1 and 0.1 of the authors' code, where
    labels enter through the generator's norms instead.
    """
    objective = AuxiliaryClassifier(Adversarial(Wasserstein()), critic_weight=1.0, generator_weight=0.1)
    return _classified(wgan_gp(sample), "acgan-wgan-gp", objective)


def _classified(base: Recipe, name: str, objective: AuxiliaryClassifier) -> Recipe:
    """A recipe on networks that know classes."""
    generator, critic = base.generator, base.critic
    assert isinstance(generator, DCGANGenerator | MLPGenerator) and isinstance(critic, DCGANCritic | MLPCritic)
    return dataclasses.replace(
        base,
        name=name,
        generator=LabelledGenerator(generator),
        critic=dataclasses.replace(critic, class_logits=True),
        objective=objective,
    )
