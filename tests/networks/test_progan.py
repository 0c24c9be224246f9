"""ProGAN's networks: the published counts, fades that are exact at their ends, and reals that fade alike."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from steadygan.errors import UsageError
from steadygan.networks import ProGANCritic, ProGANGenerator
from steadygan.networks.layers.growing import as_grown
from steadygan.types import SampleSpec

COUNTS = {8: (11277318, 11283457), 16: (15998473, 16005121), 32: (20719628, 20726785), 64: (22490383, 22498049),
          128: (22933394, 22941313), 256: (23044309, 23052353), 1024: (23079115, 23087249)}  # fmt: skip
SAMPLE = SampleSpec((2, 16, 16))


def built(sample=SAMPLE):
    """Networks of three levels in float64, with biases that are not 0, and latents."""
    torch.manual_seed(0)
    generator, critic = ProGANGenerator(64, 8).build(sample, 5).double(), ProGANCritic(64, 8).build(sample).double()
    for parameter in [*generator.parameters(), *critic.parameters()]:
        parameter.data += 0.1 * torch.randn_like(parameter)
    return generator, critic, torch.randn(8, 5, dtype=torch.float64)


@pytest.mark.parametrize("side", COUNTS)
def test_parameters_are_as_many_as_the_authors(side):
    sample = SampleSpec((3, side, side))
    with torch.device("meta"):
        networks = ProGANGenerator().build(sample, 512), ProGANCritic().build(sample)
    assert tuple(sum(p.numel() for p in network.parameters()) for network in networks) == COUNTS[side]


@pytest.mark.parametrize("level", [1, 2])
def test_a_fade_begins_with_the_lower_network_and_ends_with_the_higher_one(level):
    generator, critic, latents = built()
    images = torch.randn(8, 2, 16, 16, dtype=torch.float64)
    generator.grow(level - 1, 0.0)
    critic.grow(level - 1, 0.0)
    lower, lower_score = generator(latents), critic(images).score
    generator.grow(level, 1.0)
    critic.grow(level, 1.0)
    assert torch.equal(generator(latents), lower)
    torch.testing.assert_close(critic(images).score, lower_score, rtol=1e-13, atol=1e-13)  # means of means
    generator.grow(level, 0.0)
    critic.grow(level, 0.0)
    higher, higher_score = generator(latents), critic(images).score
    generator.colours[level - 1].part.bias.data += 7.0  # the lower way is not seen
    critic.entries[critic.levels - level][0].bias.data += 7.0
    assert torch.equal(generator(latents), higher) and torch.equal(critic(images).score, higher_score)
    generator.grow(level, 0.25)
    generator.colours[level - 1].part.bias.data -= 7.0
    torch.testing.assert_close(generator(latents), 0.75 * higher + 0.25 * lower)


def test_the_critics_fade_mixes_maps_of_both_sizes():
    _, critic, _ = built()
    images = torch.randn(8, 2, 16, 16, dtype=torch.float64)
    critic.grow(2, 0.3)
    new = critic.blocks[0](critic.entries[0](images))
    old = critic.entries[1](F.avg_pool2d(images, 2))
    expected = critic.head(critic.end(critic.blocks[1](0.7 * new + 0.3 * old))).score
    torch.testing.assert_close(critic(images).score, expected)


def test_images_keep_their_size_and_levels_not_reached_get_no_gradient():
    generator, critic, latents = built()
    for level, side in enumerate((4, 8, 16)):
        generator.grow(level, 0.5)
        critic.grow(level, 0.5)
        images = generator(latents)
        assert images.shape == (8, 2, 16, 16)
        repeats = 16 // side
        blocks = images.reshape(8, 2, side, repeats, side, repeats)
        assert torch.equal(blocks, blocks[:, :, :, :1, :, :1].expand_as(blocks))
        critic(images).score.sum().backward()
        assert trained(critic.blocks) == [level == 2, level >= 1]
        assert [block[0].parametrizations.weight.original.grad is not None for block in generator.blocks[1:]] == [
            level >= 1,
            level == 2,
        ]
        generator.zero_grad()
        critic.zero_grad()


def trained(blocks):
    """Which blocks have a gradient."""
    return [block[0].bias.grad is not None for block in blocks]


def test_real_images_fade_as_fakes_do():
    images = torch.arange(2 * 16 * 16, dtype=torch.float64).reshape(1, 2, 16, 16).square()
    eight, four = F.avg_pool2d(images, 2), F.avg_pool2d(images, 4)
    by_hand = 0.75 * eight + 0.25 * four.repeat_interleave(2, 2).repeat_interleave(2, 3)
    expected = by_hand.repeat_interleave(2, 2).repeat_interleave(2, 3)
    torch.testing.assert_close(as_grown(images, 2, torch.tensor(0.25)), expected)
    assert torch.equal(as_grown(images, 1, None), images) and torch.equal(
        as_grown(images, 1, torch.tensor(0.0)), images
    )
    assert torch.equal(as_grown(images, 2, torch.tensor(1.0)), as_grown(images, 4, None))


def test_weights_bring_their_level():
    generator, _, latents = built()
    generator.grow(1, 0.5)
    other, _, _ = built()
    other.load_state_dict(generator.state_dict())
    assert other.level == 1 and torch.equal(other(latents), generator(latents))


def test_class_logits_are_a_linear_layer_of_unit_gain_beside_the_score():
    sample = SampleSpec((2, 16, 16), classes=3)
    critic = ProGANCritic(64, 8, class_logits=True).build(sample).double()
    images = torch.randn(4, 2, 16, 16, dtype=torch.float64)
    output = critic(images)
    hidden = critic.end(critic.blocks[1](critic.blocks[0](critic.entries[0](images))))
    stored = critic.head.class_logits.parametrizations.weight.original
    torch.testing.assert_close(output.class_logits, hidden @ stored.T / 8**0.5)
    with pytest.raises(UsageError, match=r"ProGANCritic.class_logits needs data with labels"):
        ProGANCritic(class_logits=True).build(SAMPLE)


def test_first_maps_of_other_shapes():
    sample = SampleSpec((1, 8, 16))
    generator, critic, latents = built(sample)
    for level in range(2):
        generator.grow(level, 0.5)
        critic.grow(level, 0.5)
        assert critic(generator(latents)).score.shape == (8,)
    assert built(SampleSpec((1, 28, 28)))[0](latents).shape == (8, 1, 28, 28)
    with pytest.raises(UsageError, match="ProGANCritic takes images of 8, 16"):
        ProGANCritic().build(SampleSpec((1, 20, 20)))
