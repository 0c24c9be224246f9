"""ProGAN: networks that grow from 4x4 pixels, under WGAN-GP with drift."""

from __future__ import annotations

from typing import NamedTuple, TypeVar

from steadygan.ema import Average, half_life_of
from steadygan.errors import unknown_name
from steadygan.growth import Growth
from steadygan.losses import Wasserstein
from steadygan.networks import ProGANCritic, ProGANGenerator
from steadygan.networks.maps import start_of
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import Drift, GradientPenalty
from steadygan.priors import Normal
from steadygan.recipe import Recipe
from steadygan.recipes.backbones import IMAGES
from steadygan.types import SampleSpec

T = TypeVar("T")


class Preset(NamedTuple):
    """Settings of the authors' code."""

    batches: dict[int, int]
    """batch up to a side in pixels"""
    rates: dict[int, float]
    """learning rate up to a side in pixels"""
    group: int | None
    base: int
    most: int
    latent: int
    target: float
    stage: int
    """images of a fade, and as many of a level that stands, in thousands"""
    images: int
    """of the whole training, in thousands"""


_ONE_GPU = {16: 128, 32: 64, 64: 32, 128: 16, 256: 8, 1024: 4}
_RATE = {1024: 0.001}
PRESETS = {
    "auto": Preset(_ONE_GPU, {512: 0.001, 1024: 0.0015}, 4, 16384, 512, 512, 1.0, 600, 12_000),
    "cifar": Preset({1024: 16}, _RATE, 16, 8192, 128, 128, 750.0, 400, 20_000),
    "256": Preset({1024: 16}, _RATE, 16, 16384, 512, 512, 1.0, 800, 20_000),
    "1024": Preset({128: 16, 256: 14, 512: 6, 1024: 3}, _RATE, None, 16384, 512, 512, 1.0, 800, 19_000),
}
"""Of the TensorFlow code on one GPU, by size; and the paper's for CIFAR-10, LSUN at 256 px and CelebA-HQ at 1024 px."""
LAPTOP = Preset({16: 64, 32: 32, 128: 16, 1024: 8}, _RATE, 4, 4096, 128, 128, 1.0, 60, 1_200)
NAMES = tuple(PRESETS)


def progan(sample: SampleSpec = IMAGES) -> Recipe:
    """ProGAN: both networks grow from 4x4 pixels, each doubling fading in, under WGAN-GP.

    Karras et al. 2018, Progressive Growing of GANs for Improved Quality, Stability, and Variation. A quarter of the
    published feature maps, 128 at most, and a tenth of the images, so that a laptop can train it; 'progan-auto' has the
    authors' settings by the image's size.
    """
    return _recipe("progan", LAPTOP, sample)


def progan_preset(preset: str, sample: SampleSpec = IMAGES) -> Recipe:
    """ProGAN with a preset of its authors' code (PRESET auto, cifar, 256 or 1024), at full width.

    Karras et al. 2018, Progressive Growing of GANs for Improved Quality, Stability, and Variation. 'auto' is the
    TensorFlow code's on one GPU; the others are the paper's for CIFAR-10, LSUN and CelebA-HQ, without their warm-up of
    the rate over 40,000 images.

    Raises:
        UsageError: for another preset.
    """
    if preset not in NAMES:
        raise unknown_name("preset of ProGAN", preset, NAMES)
    return _recipe(f"progan-{preset}", PRESETS[preset], sample)


def _recipe(name: str, preset: Preset, sample: SampleSpec) -> Recipe:
    sides = _sides(min(sample.shape[1:]) if sample.is_image else 32)
    *smaller, batch = (_upto(preset.batches, side) for side in sides)
    *lower, rate = (_upto(preset.rates, side) for side in sides)
    factors = tuple(each / rate for each in lower) if any(each != rate for each in lower) else ()
    growth = Growth(preset.stage * 1000, preset.stage * 1000, tuple(smaller), factors) if smaller else None
    rounds = preset.images * 1000 // batch if growth is None else growth.rounds(preset.images * 1000, batch)
    optimizer = Adam(rate, betas=(0.0, 0.99))
    return Recipe(
        name=name,
        generator=ProGANGenerator(preset.base, preset.most),
        critic=ProGANCritic(preset.base, preset.most, group=preset.group),
        objective=Adversarial(Wasserstein()),
        penalties=(GradientPenalty(weight=10.0 / preset.target**2, target=preset.target), Drift(1e-3)),
        prior=Normal(preset.latent),
        generator_optimizer=optimizer,
        critic_optimizer=optimizer,
        batch=batch,
        average=Average(half_life=float(round(half_life_of(0.999, batch))), ramp=None),
        growth=growth,
        rounds=rounds,
    )


def _sides(side: int) -> list[int]:
    """Sides of the levels from the smallest up."""
    sides = [start_of(side)]
    while sides[-1] < side:
        sides.append(2 * sides[-1])
    return sides


def _upto(table: dict[int, T], side: int) -> T:
    return next((value for most, value in table.items() if side <= most), list(table.values())[-1])
