"""Images of other aspect ratios than squares: the first maps have it, and every layer keeps it."""

from __future__ import annotations

import pytest
import torch

from steadygan.errors import UsageError
from steadygan.networks import DCGANCritic, DCGANGenerator, R3GANCritic, R3GANGenerator, ResNetGenerator
from steadygan.types import Batch, SampleSpec

PAIRS = [
    (DCGANGenerator(width=4), DCGANCritic(width=4)),
    (R3GANGenerator(width=8, group=4), R3GANCritic(width=8, group=4)),
]


@pytest.mark.parametrize(("generator", "critic"), PAIRS)
@pytest.mark.parametrize(("height", "width"), [(32, 48), (48, 32), (16, 20), (64, 112), (8, 24)])
def test_both_players_take_such_images(generator, critic, height: int, width: int) -> None:
    sample = SampleSpec((3, height, width))
    images = generator.build(sample, 6)(torch.randn(2, 6))
    assert images.shape == (2, 3, height, width)
    assert critic.build(sample)(Batch(images.detach()).samples).score.shape == (2,)


@pytest.mark.parametrize(("generator", "critic"), PAIRS)
def test_every_pixel_has_a_part_in_the_score_and_every_part_of_the_start_in_the_image(generator, critic) -> None:
    sample = SampleSpec((1, 32, 48))
    torch.manual_seed(0)
    images = torch.randn(3, 1, 32, 48, requires_grad=True)
    (gradient,) = torch.autograd.grad(critic.build(sample)(images).score.sum(), images)
    assert bool((gradient.abs().sum(0) > 0).all())
    made = generator.build(sample, 6).eval()(torch.randn(8, 6))
    assert bool((made.std(0) > 0).all())


@pytest.mark.parametrize("spec", [pair[0] for pair in PAIRS])
def test_a_long_side_between_pixels_of_the_start_is_refused_with_the_nearest(spec) -> None:
    with pytest.raises(UsageError, match=r"a multiple of 8.*make it 48"):
        spec.build(SampleSpec((3, 32, 45)), 6)


def test_networks_for_squares_name_those_for_others() -> None:
    with pytest.raises(UsageError, match=r"takes square images.*R3GAN.*--data.fit crop"):
        ResNetGenerator().build(SampleSpec((3, 32, 48)), 6)
