"""GANs on a score with labels: the first one, DCGAN, LSGAN."""

from __future__ import annotations

from steadygan.losses import LeastSquares, NonSaturating
from steadygan.networks import MLPCritic, MLPGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam, RMSprop
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES, dcgan_or_mlp, prior
from steadygan.schedules import Constant
from steadygan.types import SampleSpec


def gan(sample: SampleSpec = IMAGES) -> Recipe:
    """The first GAN, with its non-saturating loss, on fully connected networks.

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
    """Convolutions and batch norm in both networks, the non-saturating loss.

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
    """Squared distance of scores to 0 and 1, on DCGAN's networks.

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
