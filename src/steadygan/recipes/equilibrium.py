"""BEGAN: an autoencoder for a critic, and a balance between the players."""

from __future__ import annotations

from steadygan.networks import BEGANCritic, BEGANGenerator, MLPAutoencoderCritic, MLPGenerator
from steadygan.objectives import BoundaryEquilibrium
from steadygan.optimizers import Adam
from steadygan.priors import Uniform
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.schedules import Constant
from steadygan.types import SampleSpec


def began(sample: SampleSpec = IMAGES) -> Recipe:
    """An autoencoder critic that is held in balance: fakes are reconstructed half as badly as real samples.

    Berthelot et al. 2017, BEGAN: as many numbers in a code as in a latent, 64 maps for 64 px and 128 above; 32 and 32
    at 32 px and below, as in a public code, whose beta_1 0.5 this is too. The rate is constant: the paper's halving
    when M stalls needs a look at the record ('convergence'). On points: fully connected networks.
    """
    image = sample.is_image
    size = sample.shape[-1]
    code, width = (32, 32) if size <= 32 else (64, 64 if size <= 64 else 128)
    return Recipe(
        name="began",
        generator=BEGANGenerator(width) if image else MLPGenerator(),
        critic=BEGANCritic(width, code) if image else MLPAutoencoderCritic(decoder_depth=2, exponent=1),
        objective=BoundaryEquilibrium(gamma=0.5, rate=0.001),
        critic_steps=Constant(1),
        prior=Uniform(code if image else 2),
        generator_optimizer=Adam(1e-4, betas=(0.5, 0.999)),
        critic_optimizer=Adam(1e-4, betas=(0.5, 0.999)),
        batch=16,
    )
