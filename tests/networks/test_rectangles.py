"""Images of other aspect ratios than squares: the first maps have it, and every layer keeps it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.metrics.scales import scale_agreement
from steadygan.networks import (
    BEGANCritic,
    BEGANGenerator,
    BigGANCritic,
    BigGANGenerator,
    ConvAutoencoderCritic,
    DCGANCritic,
    DCGANGenerator,
    MultiScaleCritic,
    MultiScaleGenerator,
    R3GANCritic,
    R3GANGenerator,
    ResNet64Critic,
    ResNet64Generator,
    ResNet101Critic,
    ResNet101Generator,
    ResNetCritic,
    ResNetGenerator,
    SGANImageGenerator,
    SNDCGANCritic,
    SNDCGANGenerator,
)
from steadygan.representations import Pyramid
from steadygan.types import Sample, SampleSpec, scales_of

PAIRS: list[tuple[Any, Any]] = [
    (DCGANGenerator(width=4), DCGANCritic(width=4)),
    (R3GANGenerator(width=8, group=4), R3GANCritic(width=8, group=4)),
    (ResNetGenerator(width=4), ResNetCritic(width=4)),
    (SNDCGANGenerator(width=4), SNDCGANCritic(width=4)),
    (BEGANGenerator(width=4, skip=True), BEGANCritic(width=4, code=6)),
    (DCGANGenerator(width=4), ConvAutoencoderCritic(width=4)),
    (MultiScaleGenerator(width=4), MultiScaleCritic(width=4, group=None)),
]
"""of 8 px and more"""
AT_64: list[tuple[Any, Any]] = [
    (ResNet64Generator(width=8), ResNet64Critic(width=8)),
    (ResNet101Generator(width=8), ResNet101Critic(width=8)),
]


@pytest.mark.parametrize(("generator", "critic"), PAIRS)
@pytest.mark.parametrize(("height", "width"), [(32, 48), (48, 32), (16, 20), (64, 112), (8, 24)])
def test_both_players_take_such_images(generator: Any, critic: Any, height: int, width: int) -> None:
    _check(generator, critic, SampleSpec((3, height, width)))


@pytest.mark.parametrize(("generator", "critic"), AT_64)
def test_networks_for_64_px_take_such_images(generator: Any, critic: Any) -> None:
    _check(generator, critic, SampleSpec((3, 96, 64)))


@pytest.mark.parametrize("side", [8, 32])
def test_biggans_networks_take_such_images(side: int) -> None:
    sample = SampleSpec((3, side, side * 3 // 2), classes=3)
    labels = torch.tensor([0, 2])
    images = BigGANGenerator(width=4, shared=8, attention=(8,)).build(sample, 24)(torch.randn(2, 24), labels)
    assert images.shape == (2, *sample.shape)
    assert BigGANCritic(width=4).build(sample)(images.detach(), labels).score.shape == (2,)


def _check(generator: Any, critic: Any, sample: SampleSpec) -> None:
    made: Sample = generator.build(sample, 6)(torch.randn(2, 6))
    assert scales_of(made)[-1].shape == (2, *sample.shape)
    assert critic.build(sample)(made).score.shape == (2,)


@pytest.mark.parametrize(("generator", "critic"), [*PAIRS[:-1], *AT_64])
def test_every_pixel_has_a_part_in_the_score_and_every_part_of_the_start_in_the_image(
    generator: Any, critic: Any
) -> None:
    sample = SampleSpec((1, 64, 96) if (generator, critic) in AT_64 else (1, 32, 48))
    torch.manual_seed(0)
    images = torch.randn(3, *sample.shape, requires_grad=True)
    (gradient,) = torch.autograd.grad(critic.build(sample)(images).score.sum(), images)
    assert bool((gradient.abs().sum(0) > 0).all())
    made = generator.build(sample, 6).eval()(torch.randn(8, 6))
    assert bool((made.std(0) > 0).all())


def test_all_sizes_of_an_image_have_its_ratio() -> None:
    sample = SampleSpec((3, 32, 48))
    pyramid = Pyramid().fitted(sample)
    stored = torch.randint(0, 256, (2, *sample.shape), dtype=torch.uint8)
    scales = pyramid.encode(stored)
    assert [image.shape[-2:] for image in scales.images] == [(4, 6), (8, 12), (16, 24), (32, 48)]
    assert torch.equal(pyramid.decode(scales), stored)
    made = MultiScaleGenerator(width=4).build(sample, 6)(torch.randn(2, 6))
    assert [image.shape for image in made.images] == [image.shape for image in scales.images]
    assert MultiScaleCritic(width=4, group=None).build(sample)(scales).score.shape == (2,)
    agreements = scale_agreement([pyramid.decode(image).numpy() for image in scales.images])
    assert list(agreements) == [4, 8, 16]
    assert all(each.difference.value < 0.3 for each in agreements.values())  # rounded to grey levels
    with pytest.raises(UsageError, match=r"longer side has to be a multiple of 8, such as 48"):
        pyramid.fitted(SampleSpec((3, 32, 45)))


@pytest.mark.parametrize("spec", [pair[0] for pair in PAIRS[:4]])
def test_a_long_side_between_pixels_of_the_start_is_refused_with_the_nearest(spec: Any) -> None:
    with pytest.raises(UsageError, match=r"a multiple of 8.*make it 48"):
        spec.build(SampleSpec((3, 32, 45)), 6)


def test_networks_for_squares_name_those_for_others() -> None:
    with pytest.raises(UsageError, match=r"takes square images.*R3GAN.*--data.fit crop"):
        SGANImageGenerator().build(SampleSpec((3, 32, 48), classes=10), 6)
