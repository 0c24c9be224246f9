"""StyleGAN2 and StyleGAN2-ADA: modulated convolutions, lazy penalties, and augmentation controlled by overfitting."""

from __future__ import annotations

import dataclasses
import math
from typing import NamedTuple

from steadygan.ema import Average
from steadygan.errors import unknown_name
from steadygan.losses import NonSaturating
from steadygan.networks import StyleGAN2Critic, StyleGAN2Generator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import R1, PathLength
from steadygan.perturbations import Adaptive, Augment
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.types import SampleSpec

R1_EVERY, PATH_EVERY = 16, 4
"""steps between two of a lazy penalty"""
LATENT = 512


class Preset(NamedTuple):
    """Settings of StyleGAN2-ADA's code for one kind of data."""

    batch: int
    group: int
    base: int
    mapping: int
    lr: float
    gamma: float
    half_life: float
    """of the averaged weights, in thousands of images"""
    ramp: float | None
    images: int
    """length of training, in thousands"""


PRESETS = {
    "f": Preset(32, 4, 32768, 8, 0.002, 10.0, 10, None, 25_000),
    "256": Preset(64, 8, 16384, 8, 0.0025, 1.0, 20, None, 25_000),
    "512": Preset(64, 8, 32768, 8, 0.0025, 0.5, 20, None, 25_000),
    "1024": Preset(32, 4, 32768, 8, 0.002, 2.0, 10, None, 25_000),
    "cifar": Preset(64, 32, 32768, 2, 0.0025, 0.01, 500, 0.05, 100_000),
}
"""StyleGAN2's configuration F, the paper's settings by pixels of a side, and CIFAR-10's."""
AUTO = "auto"
NAMES = (AUTO, *PRESETS)


def automatic(side: int, mean_side: int | None = None) -> Preset:
    """The settings that StyleGAN2-ADA's code takes on one GPU for images of a side, in pixels.

    mean_side: of images that are not square, the side of a square with as many pixels; gamma and batch go by it
    """
    mean_side = side if mean_side is None else mean_side
    batch = max(min(4096 // mean_side, 32), 1)
    batch -= batch % min(batch, 4)  # groups of 4 samples
    base = 32768 if side >= 512 else 16384
    lr = 0.002 if side >= 1024 else 0.0025
    return Preset(batch, min(batch, 4), base, 2, lr, 2e-4 * mean_side**2 / batch, batch * 10 / 32, 0.05, 25_000)


def stylegan2(sample: SampleSpec = IMAGES) -> Recipe:
    """StyleGAN2: styles of a mapping network modulate every layer; lazy R1 and path length penalties.

    Karras et al. 2020, Analyzing and Improving the Image Quality of StyleGAN. Batch, R1's gamma, rate, average and
    mapping network by the image's size, as in StyleGAN2-ADA's code for one GPU; a quarter of its feature maps, 128 at
    most, so that a laptop can train it. 'stylegan2-auto' has all of them, 'stylegan2-256' and the like the paper's.
    """
    made = _recipe("stylegan2", automatic(_side(sample), _mean_side(sample)), sample)
    assert isinstance(made.generator, StyleGAN2Generator) and isinstance(made.critic, StyleGAN2Critic)
    return dataclasses.replace(
        made,
        generator=dataclasses.replace(made.generator, base=4096, most=128),
        critic=dataclasses.replace(made.critic, base=4096, most=128),
        rounds=100_000,
    )


def stylegan2_ada(sample: SampleSpec = IMAGES) -> Recipe:
    """StyleGAN2-ADA: StyleGAN2 for small data, with augmentations as probable as the critic overfits.

    Karras et al. 2020, Training Generative Adversarial Networks with Limited Data: flips, quarter turns, shifts,
    scales, rotations and colours of real and fake images. p may move five times as fast as in the paper, at the speed
    of its fine-tuning: a laptop sees some 100,000 images.
    """
    return dataclasses.replace(stylegan2(sample), name="stylegan2-ada", perturbation=_ada(100_000))


def stylegan2_preset(preset: str, sample: SampleSpec = IMAGES) -> Recipe:
    """StyleGAN2 with a preset of its authors' code (PRESET auto, f, 256, 512, 1024 or cifar), at full width.

    Karras et al. 2020, and StyleGAN2-ADA's code: auto goes by the image's size, f is configuration F, the numbers are
    the paper's settings at so many pixels. cifar has no path length penalty, no style mixing and no skip connections in
    the critic, and is conditional where the data has classes. For a large GPU.

    Raises:
        UsageError: for another preset.
    """
    if preset not in NAMES:
        raise unknown_name("preset of StyleGAN2", preset, NAMES)
    found = automatic(_side(sample), _mean_side(sample)) if preset == AUTO else PRESETS[preset]
    made = _recipe(f"stylegan2-{preset}", found, sample)
    return _cifar(made, sample) if preset == "cifar" else made


def stylegan2_ada_preset(preset: str, sample: SampleSpec = IMAGES) -> Recipe:
    """StyleGAN2-ADA with a preset of its authors' code (PRESET auto, f, 256, 512, 1024 or cifar), at full width.

    Karras et al. 2020, Training Generative Adversarial Networks with Limited Data: as 'stylegan2-PRESET', with the
    augmentations of the paper, whose probability may go from 0 to 1 in 500,000 images.

    Raises:
        UsageError: for another preset.
    """
    plain = stylegan2_preset(preset, sample)
    return dataclasses.replace(plain, name=f"stylegan2-ada-{preset}", perturbation=_ada(500_000))


def _recipe(name: str, preset: Preset, sample: SampleSpec) -> Recipe:
    optimizer = Adam(preset.lr, betas=(0.0, 0.99))
    return Recipe(
        name=name,
        generator=StyleGAN2Generator(preset.base, mapping=preset.mapping),
        critic=StyleGAN2Critic(preset.base, group=preset.group if preset.group > 1 else None),
        objective=Adversarial(NonSaturating()),
        penalties=(R1(preset.gamma, every=R1_EVERY), PathLength(every=PATH_EVERY)),
        prior=Normal(LATENT),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        batch=preset.batch,
        average=Average(half_life=preset.half_life * 1000, ramp=preset.ramp),
        rounds=preset.images * 1000 // preset.batch,
        fake_labels="data",
    )


def _cifar(made: Recipe, sample: SampleSpec) -> Recipe:
    """Without path length, style mixing and residual blocks; the generator's Adam is corrected for a lazy phase that
    it does not have, as the authors' code does."""
    assert isinstance(made.generator, StyleGAN2Generator) and isinstance(made.critic, StyleGAN2Critic)
    share, labelled = PATH_EVERY / (PATH_EVERY + 1), sample.classes > 1
    return dataclasses.replace(
        made,
        generator=dataclasses.replace(made.generator, mixing=0.0, conditional=labelled),
        critic=dataclasses.replace(made.critic, residual=False, conditional=labelled),
        penalties=made.penalties[:1],
        generator_optimizer=Adam(PRESETS["cifar"].lr * share, betas=(0.0, 0.99**share)),
    )


def _ada(images: int) -> Adaptive:
    return Adaptive(Augment(), target=0.6, images=images, every=4)


def _side(sample: SampleSpec) -> int:
    """The shorter side of images."""
    return sample.side if sample.is_image else 32


def _mean_side(sample: SampleSpec) -> int:
    """The side of a square with as many pixels as images have, by which gamma and batch go."""
    return round(math.prod(sample.shape[1:]) ** 0.5) if sample.is_image else 32
