"""GAN, DCGAN, LSGAN, DRAGAN."""

from __future__ import annotations

from steadygan.losses import LeastSquares, NonSaturating
from steadygan.networks import MLPCritic, MLPGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam, RMSprop
from steadygan.penalties import GradientPenalty, NearReal
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES, dcgan_or_mlp, prior
from steadygan.schedules import Constant
from steadygan.types import SampleSpec


def gan(sample: SampleSpec = IMAGES) -> Recipe:
    """The original GAN with its non-saturating loss, on fully connected networks.

    Goodfellow et al. 2014, Generative Adversarial Nets. Optimizer as in DCGAN.
    """
    return Recipe(
        name="gan",
        generator=MLPGenerator(),
        critic=MLPCritic(),
        objective=Adversarial(NonSaturating()),
        critic_steps=Constant(1),
        prior=prior(sample),
        generator_optimizer=Adam(2e-4, betas=(0.5, 0.999)),
        critic_optimizer=Adam(2e-4, betas=(0.5, 0.999)),
    )


def dcgan(sample: SampleSpec = IMAGES) -> Recipe:
    """DCGAN: convolutions and batch norm in both networks, non-saturating loss.

    Radford et al. 2016, Unsupervised Representation Learning with DCGANs; networks of the WGAN-GP authors' code.
    """
    generator, critic = dcgan_or_mlp(sample)
    return Recipe(
        name="dcgan",
        generator=generator,
        critic=critic,
        objective=Adversarial(NonSaturating()),
        critic_steps=Constant(1),
        prior=prior(sample),
        generator_optimizer=Adam(2e-4, betas=(0.5, 0.999)),
        critic_optimizer=Adam(2e-4, betas=(0.5, 0.999)),
    )


def lsgan(sample: SampleSpec = IMAGES) -> Recipe:
    """LSGAN: least-squares loss with targets 0 and 1, on DCGAN's networks.

    Mao et al. 2017, Least Squares GANs; optimizer of WGAN-GP, App. E.
    """
    generator, critic = dcgan_or_mlp(sample)
    return Recipe(
        name="lsgan",
        generator=generator,
        critic=critic,
        objective=Adversarial(LeastSquares()),
        critic_steps=Constant(1),
        prior=prior(sample),
        generator_optimizer=RMSprop(1e-4),
        critic_optimizer=RMSprop(1e-4),
    )


def dragan(sample: SampleSpec = IMAGES) -> Recipe:
    """DRAGAN: non-saturating loss with a gradient penalty, target 1, around the real samples.

    Kodali et al. 2017, On Convergence and Stability of GANs: lambda 10, on lines of up to half the batch's standard
    deviation, as in the authors' code. No batch norm in the critic, which the penalty does not allow.
    """
    generator, critic = dcgan_or_mlp(sample, critic_norm="none")
    return Recipe(
        name="dragan",
        generator=generator,
        critic=critic,
        objective=Adversarial(NonSaturating()),
        penalties=(GradientPenalty(weight=10.0, target=1.0, at=NearReal(0.5)),),
        critic_steps=Constant(1),
        prior=prior(sample),
        generator_optimizer=Adam(2e-4, betas=(0.5, 0.999)),
        critic_optimizer=Adam(2e-4, betas=(0.5, 0.999)),
    )
