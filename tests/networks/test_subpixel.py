"""Sub-pixel networks: parameter counts by hand, maps of each stage, sides, how they begin, and what is refused."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks import SubpixelCritic, SubpixelGenerator, parameter_count
from steadygan.networks.layers.inspect import couples_batch
from steadygan.networks.layers.subpixel import BinomialFilter, ResidualBlock, doubled
from steadygan.penalties import r1_penalty
from steadygan.recipe import dumps, loads
from steadygan.recipes import pictures
from steadygan.types import SampleSpec

COLOUR = SampleSpec((3, 32, 32))


def generated(spec: SubpixelGenerator, sample: SampleSpec, count: int = 2) -> torch.Tensor:
    return spec.build(sample, 16)(torch.randn(count, 16, generator=torch.Generator().manual_seed(0)), None)


def test_parameters_are_those_of_the_layers_by_hand():
    latent, widths = 16, [32, 16, 8]  # at 4, 8 and 16 px
    for kind, each in (("batch", 1), ("self_modulated", latent + 1)):
        norms = [each * 2 * w for w in widths]  # scales and offsets
        block = [2 * n + 2 * 9 * w * w + w for n, w in zip(norms, widths, strict=True)]  # two, the second with biases
        for upsampling, weights in (("transposed", 16), ("nearest", 9)):
            ups = sum(weights * a * b + b for a, b in pairwise(widths))
            expected = (latent + 1) * 32 * 16 + sum(block) + sum(norms) + ups + 9 * 8 * 12 + 12
            spec = SubpixelGenerator(8, norm=kind, upsampling=upsampling)
            assert parameter_count(spec.build(COLOUR, latent)) == expected
    plain = [2 * 9 * w * w + 2 * w for w in widths]
    downs = [16 * a * b + a for a, b in pairwise(widths)]
    expected = 9 * 12 * 8 + 8 + sum(plain) + sum(downs) + 32 * 16 + 1
    assert parameter_count(SubpixelCritic(8).build(COLOUR)) == expected


@pytest.mark.parametrize(
    ("height", "width", "channels"),
    [
        (16, 16, 1),
        (28, 28, 1),
        (32, 32, 4),
        (48, 48, 3),
        (64, 64, 3),
        (32, 48, 3),
        (48, 32, 4),
        (96, 64, 2),
        (56, 40, 3),
    ],
)
def test_any_sides_that_halve_to_four_to_seven(height, width, channels):
    sample = SampleSpec((channels, height, width), kind="image")
    fakes = generated(SubpixelGenerator(4), sample)
    assert fakes.shape == (2, channels, height, width) and fakes.abs().max() <= 1
    critic = SubpixelCritic(4, features=True).build(sample)
    assert critic(fakes, None).score.shape == (2,)
    smallest = critic.head.score.in_features // (4 * min(2 ** (len(_stages(critic)) - 1), 8))
    assert smallest >= 16 and min(height, width) // 2 ** len(_stages(critic)) in (4, 5, 6, 7)


def _stages(network: nn.Module) -> list[nn.Module]:
    return [part for part in network.modules() if type(part).__name__ == "ResidualStage"]


@pytest.mark.parametrize("shape", [(28, 112), (112, 28), (20, 80), (40, 160), (88, 88), (24, 56)])
def test_a_longer_side_may_be_four_times_the_shorter_one(shape):
    sample = SampleSpec((1, *shape))
    generator, critic = SubpixelGenerator(4).build(sample, 8), SubpixelCritic(4).build(sample)
    with torch.no_grad():
        made = generator(torch.randn(2, 8))
        assert made.shape == (2, 1, *shape) and critic(made).score.shape == (2,)


@pytest.mark.parametrize("sample", [SampleSpec((3, 31, 31)), SampleSpec((3, 100, 100)), SampleSpec((3, 16, 66))])
@pytest.mark.parametrize("build", [lambda s: SubpixelGenerator().build(s, 8), lambda s: SubpixelCritic().build(s)])
def test_sides_that_stay_odd_or_too_long_are_refused(build, sample):
    with pytest.raises(UsageError, match="halves both sides"):
        build(sample)


@pytest.mark.parametrize("sample", [SampleSpec((3, 31, 31)), SampleSpec((3, 6, 6)), SampleSpec((3, 16, 256))])
@pytest.mark.parametrize("build", [lambda s: SubpixelGenerator().build(s, 8), lambda s: SubpixelCritic().build(s)])
def test_other_sides_are_refused_in_one_line(build, sample):
    with pytest.raises(UsageError, match=r"halves both sides .* bring them to sides such as 32, 48 or 64 px"):
        build(sample)


def test_samples_that_are_no_images_are_refused():
    with pytest.raises(UsageError, match=r"SubpixelCritic is for images.*use MLPGenerator and MLPCritic"):
        SubpixelCritic().build(SampleSpec((2,)))


def test_no_convolution_runs_at_full_size():
    sizes: list[int] = []
    for network, given in (
        (SubpixelGenerator(4).build(COLOUR, 16), torch.randn(2, 16)),
        (SubpixelCritic(4).build(COLOUR), torch.randn(2, 3, 32, 32)),
    ):
        for part in network.modules():
            if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
                part.register_forward_hook(lambda _, __, y: sizes.append(y.shape[-1]))
        network(given, None)
    assert max(sizes) == 16


def test_blocks_without_norm_begin_as_the_identity_and_normed_ones_near_it():
    x = torch.randn(64, 8, 8, 8, generator=torch.Generator().manual_seed(1))
    assert torch.equal(ResidualBlock(8, 3, norm="none", critic=True)(x), x)
    torch.manual_seed(0)
    change = ResidualBlock(8, 3, norm="batch", critic=False)(x) - x
    assert 0.05 < change.square().mean() < 0.6


def test_the_critic_keeps_the_mean_square_through_its_stages():
    torch.manual_seed(0)
    critic = SubpixelCritic(64, blocks=0).build(SampleSpec((3, 64, 64)))
    x = torch.randn(32, 3, 64, 64)
    with torch.no_grad():
        for part in critic.trunk:
            x = part(x)
            if isinstance(part, nn.Conv2d):
                assert x[..., 1:-1, 1:-1].square().mean().item() == pytest.approx(1.0, rel=0.2)


def test_critic_scores_samples_alone_and_has_second_derivatives():
    torch.manual_seed(0)
    critic = SubpixelCritic(4).build(COLOUR).double()
    assert not couples_batch(critic)
    activation = type(critic.trunk[3].activation)
    x = torch.randn(3, 3, 32, 32, dtype=torch.float64)
    together = critic(x, None).score
    assert torch.allclose(together, torch.stack([critic(x[i : i + 1], None).score[0] for i in range(3)]))
    for parameter in critic.parameters():
        torch.nn.init.normal_(parameter, 0.0, 0.1)
    for part in critic.modules():  # the penalty jumps at a leaky ReLU's kinks: differences need a smooth one
        for name, child in part.named_children():
            if isinstance(child, activation):
                setattr(part, name, nn.Softplus())
    weight = critic.trunk[1].weight
    [gradient] = torch.autograd.grad(r1_penalty(lambda s: critic(s, None).score, x), weight)
    step, direction = 1e-5, torch.randn_like(weight)
    with torch.no_grad():
        weight += step * direction
    above = r1_penalty(lambda s: critic(s, None).score, x).item()
    with torch.no_grad():
        weight -= 2 * step * direction
    below = r1_penalty(lambda s: critic(s, None).score, x).item()
    assert (gradient * direction).sum().item() == pytest.approx((above - below) / (2 * step), rel=1e-4)


def test_a_recipe_of_before_a_field_keeps_its_networks():
    text = dumps(pictures(COLOUR))
    assert loads(text).generator == SubpixelGenerator(upsampling="nearest", smooth=True)
    older = re.sub(r"\n *(smooth: true|upsampling: nearest)", "", text)
    assert loads(older).generator == SubpixelGenerator(upsampling="transposed", smooth=False)


def test_nearest_neighbour_doubling_begins_without_checkerboards():
    """Of a flat map, the four phases of a free transposed convolution differ; those of a doubled one do not."""
    flat, spread = torch.ones(1, 16, 6, 6), {}
    for upsampling in ("transposed", "nearest"):
        torch.manual_seed(0)
        layer = doubled(16, 8, upsampling)
        with torch.no_grad():
            inner = layer(flat)[..., 2:-2, 2:-2]
        phases = inner.reshape(8, 4, 2, 4, 2).mean((1, 3))  # [maps, 2, 2]
        spread[upsampling] = phases.flatten(1).std(1).mean()
    assert spread["nearest"] < 1e-6 and spread["transposed"] > 0.3


@pytest.mark.parametrize("upsampling", ["transposed", "nearest"])
def test_doubling_keeps_the_mean_square(upsampling):
    torch.manual_seed(0)
    x = nn.functional.leaky_relu(torch.randn(8, 64, 8, 8), 0.2)
    with torch.no_grad():
        made = doubled(64, 64, upsampling)(x)
    assert made.shape == (8, 64, 16, 16) and made[..., 1:-1, 1:-1].square().mean().item() == pytest.approx(1, rel=0.1)


def test_the_latent_acts_on_every_stage_if_norms_are_self_modulated():
    """With the first layer's output fixed, samples still follow the latent, and only then."""
    torch.manual_seed(0)
    for norm, follow in (("self_modulated", True), ("batch", False), ("none", False)):
        generator = SubpixelGenerator(4, norm=norm).build(COLOUR, 16).eval()
        torch.nn.init.zeros_(generator.trunk[0].weight)
        one, other = generator(torch.randn(2, 16), None)
        assert (not torch.equal(one, other)) is follow, norm


def test_no_checkerboard_passes_the_binomial_filter():
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    line = torch.tensor([1.0, 2.0, 1.0], dtype=torch.float64) / 4
    kernel = (line[:, None] * line)[None, None].expand(3, 1, 3, 3)
    expected = nn.functional.conv2d(nn.functional.pad(x, (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    assert torch.allclose(BinomialFilter()(x), expected)
    row = torch.tensor([1.0, -1.0]).repeat(4)
    board = (row[:, None] * row)[None, None]
    assert BinomialFilter()(board)[..., 1:-1, 1:-1].abs().max() == 0
    assert torch.equal(BinomialFilter()(torch.ones(1, 1, 4, 4)), torch.ones(1, 1, 4, 4))
    smooth, rough = (SubpixelGenerator(4, smooth=smooth).build(COLOUR, 16) for smooth in (True, False))
    assert [sum(isinstance(part, BinomialFilter) for part in each.modules()) for each in (smooth, rough)] == [1, 0]
