"""BigGAN: for any labelled pictures at a laptop's size, the authors' CIFAR-10 run, and the paper's 128 px."""

from __future__ import annotations

import dataclasses

from steadygan.data.options import DataOptions
from steadygan.ema import Average, half_life_of
from steadygan.losses import Hinge
from steadygan.networks import BigGANCritic, BigGANGenerator
from steadygan.networks.biggan import SIZES, generator_widths
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam, two_time_scale
from steadygan.penalties import Orthogonal
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.schedules import Constant
from steadygan.types import SampleSpec

CHUNK = 20
"""numbers of a chunk of the latent"""
DECAY = 0.9999
"""of the averaged weights, a step"""


def biggan(sample: SampleSpec = IMAGES) -> Recipe:
    """BigGAN: one class vector for all blocks, a chunk of the latent for each; needs pictures with labels.

    Brock et al. 2019, Large Scale GAN Training: hinge loss, projection critic, spectral norm and orthogonal initial
    weights in both networks, self-attention at maps of half the image's size (from 32 px on, at most at 64), orthogonal
    regularisation 1e-4 of the generator, two critic steps, betas 0 and 0.999. Width 24, batch 64 and rates 2e-4, which
    the authors' code has for CIFAR-10, are for a laptop: the paper has width 96, batch 2048, and rates 5e-5 and 2e-4
    ('biggan-128'). 8 and 16 px have the blocks of 32 px. ``sample --truncation`` narrows the prior.
    """
    size, attention = _sizes(sample)
    return Recipe(
        name="biggan",
        generator=BigGANGenerator(width=24, attention=attention),
        critic=BigGANCritic(width=24, attention=attention),
        objective=Adversarial(Hinge()),
        penalties=(Orthogonal(1e-4),),
        critic_steps=Constant(2),
        prior=Normal(CHUNK * len(generator_widths(size))),
        generator_optimizer=Adam(2e-4, betas=(0.0, 0.999)),
        critic_optimizer=Adam(2e-4, betas=(0.0, 0.999)),
        batch=64,
        average=_average(64, start=1_000),
        rounds=100_000,
    )


def biggan_cifar10(sample: SampleSpec = IMAGES) -> Recipe:
    """BigGAN for CIFAR-10, as the authors' PyTorch code runs it: width 64, batch 50, four critic steps.

    Brock et al. 2019; code: 2e-4 for both, weights from N(0, 0.02), no attention, no orthogonal regularisation, the
    whole latent of 128 numbers in the first layer, averaging with 0.9999 from round 1,000, and 125,000 rounds (500
    epochs). Its launch script has no shared class vector: each norm has a table of the classes.
    """
    optimizer = Adam(2e-4, betas=(0.0, 0.999))
    return Recipe(
        name="biggan-cifar10",
        generator=BigGANGenerator(width=64, shared=None, hierarchical=False, init="normal_0.02"),
        critic=BigGANCritic(width=64, init="normal_0.02"),
        objective=Adversarial(Hinge()),
        critic_steps=Constant(4),
        prior=Normal(128),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        batch=50,
        average=_average(50, start=1_000),
        data=DataOptions(source="cifar10"),
        rounds=125_000,
    )


def biggan_128(sample: SampleSpec = IMAGES) -> Recipe:
    """BigGAN of 128 px at the paper's size: width 96, batch 2048; some 70 and 88 million parameters, for large GPUs.

    Brock et al. 2019: rates 5e-5 and 2e-4, two critic steps, attention at 64 px, orthogonal initial weights and
    regularisation 1e-4, Adam's epsilon 1e-6 as in the authors' code, whose averaging starts at round 20,000. Batches
    that memory does not hold are cut with ``--run.micro-batch``.
    """
    _, attention = _sizes(sample)
    generator_optimizer, critic_optimizer = two_time_scale(5e-5, 2e-4, betas=(0.0, 0.999))
    return Recipe(
        name="biggan-128",
        generator=BigGANGenerator(width=96, attention=attention),
        critic=BigGANCritic(width=96, attention=attention),
        objective=Adversarial(Hinge()),
        penalties=(Orthogonal(1e-4),),
        critic_steps=Constant(2),
        prior=Normal(120),
        generator_optimizer=dataclasses.replace(generator_optimizer, eps=1e-6),
        critic_optimizer=dataclasses.replace(critic_optimizer, eps=1e-6),
        batch=2048,
        average=_average(2048, start=20_000),
        data=DataOptions(size=128),
        rounds=150_000,
    )


def _sizes(sample: SampleSpec) -> tuple[int, tuple[int, ...]]:
    """The size of the networks that is nearest to the samples', and where their self-attention is."""
    size = min(SIZES, key=lambda known: abs(known - sample.side))
    return size, (min(64, size // 2),) if size >= 32 else ()


def _average(batch: int, start: int) -> Average:
    """The average that keeps 0.9999 of itself at each step, from a round on; its half-life in four digits."""
    return Average(float(f"{half_life_of(DECAY, batch):.4g}"), ramp=None, start=start)
