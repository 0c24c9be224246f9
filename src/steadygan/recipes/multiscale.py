"""MSG-GAN: generator and critic of all sizes of an image at once."""

from __future__ import annotations

from steadygan.ema import Average
from steadygan.losses import Wasserstein
from steadygan.networks import MultiScaleCritic, MultiScaleGenerator
from steadygan.networks.multiscale import coarsest
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import Drift, GradientPenalty
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.representations import Pyramid
from steadygan.schedules import Constant
from steadygan.types import SampleSpec


def msg_gan(sample: SampleSpec = IMAGES) -> Recipe:
    """MSG-GAN: images of all sizes from 4 px up, generated and scored together, under WGAN-GP.

    Karnewar & Wang 2020, MSG-GAN, on ProGAN's parts. Networks, rate, betas and average of the authors' PyTorch code,
    with 64 feature maps (32 from 64 px on) where it has 512; for images of 8, 16, 28, 32, 64 or 128 px.

    Of the published losses, WGAN-GP's with ProGAN's drift; one critic step. In short trials (32 maps, rate 3e-3,
    one seed each) its Fréchet distances were 0.067 on digits after 1,500 rounds and 0.83 and 0.33 on CIFAR-10 after 400
    and 800; those of the non-saturating loss with R1 (gamma 1, mean over sizes) 0.075, 1.01 and 0.55; those of the
    authors' relativistic hinge 0.116 and, after 400, 1.53.
    """
    width = 64 if sample.side <= 32 else 32
    optimizer = Adam(3e-3, betas=(0.0, 0.99))
    return Recipe(
        name="msg-gan",
        generator=MultiScaleGenerator(width),
        critic=MultiScaleCritic(width, combine="lin_cat", group=4),
        objective=Adversarial(Wasserstein()),
        penalties=(GradientPenalty(weight=10.0, target=1.0), Drift(1e-3)),
        critic_steps=Constant(1),
        prior=Normal(128),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        batch=32,
        average=Average(half_life=22_000.0),
        representation=Pyramid(coarsest(sample.side)),
    )
