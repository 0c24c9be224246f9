"""MSG-GAN's networks against their layers written out, and what steps and penalties need of them."""

from __future__ import annotations

import copy
import dataclasses
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks import MultiScaleCritic, MultiScaleGenerator
from steadygan.penalties import gradient_penalty
from steadygan.types import SampleSpec, Scales, at_each_scale, join_samples

SAMPLE = SampleSpec((3, 16, 16))
ROOT_2 = math.sqrt(2)
COMBINATIONS = ("simple", "lin_cat", "cat_lin")
combinations = pytest.mark.parametrize("combine", COMBINATIONS)


def images(count=8, side=16, dtype=torch.float64, seed=0):
    generator = torch.Generator().manual_seed(seed)
    sides = [4 * 2**i for i in range(side.bit_length() - 2)]
    return Scales(tuple(torch.randn(count, 3, s, s, dtype=dtype, generator=generator) for s in sides))


def stored(layer):
    """The stored weight and the bias of an equalised layer."""
    return layer.parametrizations.weight.original, layer.bias


def layers_of(module):
    return [m for m in module.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)]


def conv(x, layer, gain=ROOT_2):
    weight, bias = stored(layer)
    fan_in = weight[0].numel()
    return F.conv2d(x, weight * gain / math.sqrt(fan_in), bias, padding=weight.shape[-1] // 2)


def lrelu(x):
    return torch.where(x > 0, x, 0.2 * x)


def pixel_norm(x):
    return x / (x.square().mean(1, keepdim=True) + 1e-8).sqrt()


def doubled(x):
    return x.repeat_interleave(2, 2).repeat_interleave(2, 3)


def halved(x):
    n, c, h, w = x.shape
    return x.reshape(n, c, h // 2, 2, w // 2, 2).mean((3, 5))


def shifted_biases(module):
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name.endswith("bias"):
                parameter.normal_(0, 0.3)
    return module


def test_the_generator_is_its_layers_written_out():
    network = shifted_biases(MultiScaleGenerator(6).build(SAMPLE, 5).double())
    first, second, *others = layers_of(network.blocks)
    latents = torch.randn(4, 5, dtype=torch.float64)
    weight, bias = stored(first)
    z = latents * math.sqrt(5) / latents.norm(dim=1, keepdim=True)
    x = torch.einsum("ni,iohw->nohw", z, weight) * math.sqrt(2 / 5) + bias[:, None, None]
    x = pixel_norm(lrelu(conv(lrelu(x), second)))
    expected = [conv(x, network.colours[0].part, 1.0)]
    for index in (0, 2):
        x = pixel_norm(lrelu(conv(doubled(x), others[index])))
        x = pixel_norm(lrelu(conv(x, others[index + 1])))
        expected.append(conv(x, network.colours[index // 2 + 1].part, 1.0))
    made = network(latents)
    assert isinstance(made, Scales) and [t.shape for t in made.images] == [(4, 3, s, s) for s in (4, 8, 16)]
    for got, want in zip(made.images, expected, strict=True):
        torch.testing.assert_close(got, want, rtol=1e-10, atol=1e-10)


def combined(combine, layer, x, image):
    if combine == "simple":
        return torch.cat([image, x], 1)
    if combine == "lin_cat":
        return torch.cat([conv(image, layer), x], 1)
    return conv(torch.cat([image, x], 1), layer)


@combinations
def test_the_critic_is_its_layers_written_out(combine):
    network = shifted_biases(MultiScaleCritic(6, combine=combine).build(SAMPLE).double())
    coarse, middle, fine = images().images
    x = conv(fine, network.entry)
    for block, combine_, image in zip(network.blocks, network.combines, (middle, coarse), strict=True):
        first, second = layers_of(block)
        x = combined(combine, combine_.linear, halved(lrelu(conv(lrelu(conv(x, first)), second))), image)
    groups = x.reshape(2, 4, *x.shape[1:])  # contiguous groups of 4
    spread = ((groups - groups.mean(1, keepdim=True)).square().mean(1) + 1e-8).sqrt().mean((1, 2, 3))
    x = torch.cat([x, spread.repeat_interleave(4)[:, None, None, None].expand(-1, 1, 4, 4)], 1)
    convolution, dense = layers_of(network.end)
    x = lrelu(conv(x, convolution)).flatten(1)
    weight, bias = stored(dense)
    x = lrelu(x @ weight.T * math.sqrt(2 / weight.shape[1]) + bias)
    weight, bias = stored(network.head.score)
    expected = (x @ weight.T / math.sqrt(weight.shape[1]) + bias).squeeze(1)
    torch.testing.assert_close(network(images()).score, expected, rtol=1e-10, atol=1e-10)


def test_with_width_512_the_layers_are_those_of_the_authors_code_for_cifar10():
    with torch.device("meta"):
        generator = MultiScaleGenerator(512).build(SampleSpec((3, 32, 32)), 512)
        critic = MultiScaleCritic(512).build(SampleSpec((3, 32, 32)))
    assert [tuple(layer.weight.shape[:2]) for layer in layers_of(generator.blocks)] == [(512, 512)] * 8
    shapes = [tuple(layer.weight.shape[:2]) for block in critic.blocks for layer in layers_of(block)]
    assert shapes == [(512, 512), (256, 512)] * 3
    assert tuple(critic.entry.weight.shape) == (512, 3, 1, 1)
    assert [tuple(c.linear.weight.shape) for c in critic.combines] == [(256, 3, 1, 1)] * 3
    assert [tuple(layer.weight.shape) for layer in layers_of(critic.end)] == [(512, 513, 3, 3), (512, 512 * 16)]


def test_beyond_32_pixels_maps_halve_where_pixels_double():
    with torch.device("meta"):
        generator = MultiScaleGenerator(512).build(SampleSpec((3, 128, 128)), 512)
        critic = MultiScaleCritic(512).build(SampleSpec((3, 128, 128)))
    assert [colours.part.weight.shape[1] for colours in generator.colours] == [512, 512, 512, 512, 256, 128]
    assert tuple(critic.entry.weight.shape[:2]) == (128, 3)
    shapes = [tuple(layer.weight.shape[:2]) for block in critic.blocks[:2] for layer in layers_of(block)]
    assert shapes == [(128, 128), (128, 128), (256, 256), (256, 256)]


@combinations
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 16, 28, 32, 64, 128])
def test_all_sizes_are_made_and_read_in_fp32_under_bf16(size, channels, combine):
    sample = SampleSpec((channels, size, size))
    generator = MultiScaleGenerator(4).build(sample, 5).to(memory_format=torch.channels_last)
    critic = MultiScaleCritic(4, combine=combine, features=True).build(sample).to(memory_format=torch.channels_last)
    latents = torch.randn(4, 5)
    exact = critic(generator(latents)).score
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        made = generator(latents)
        output = critic(made)
    sides = [7, 14, 28] if size == 28 else [2**i for i in range(2, size.bit_length())]
    assert [tuple(t.shape) for t in made.images] == [(4, channels, side, side) for side in sides]
    assert {t.dtype for t in made.images} == {output.score.dtype, output.features.dtype} == {torch.float32}
    torch.testing.assert_close(output.score, exact, rtol=0.1, atol=0.1)
    assert output.score.shape == (4,) and output.features.shape == (4, 4)


@combinations
def test_one_joined_pass_is_two_passes(combine):
    network = MultiScaleCritic(6, combine=combine).build(SAMPLE).double()
    real, fake = images(), images(seed=1)
    joined = network(join_samples(real, fake)).score
    torch.testing.assert_close(joined, torch.cat([network(real).score, network(fake).score]), rtol=1e-12, atol=1e-12)


def test_groups_are_neighbours_and_nothing_else_couples_samples():
    network = MultiScaleCritic(6, group=2).build(SAMPLE).double()
    real, fake = images(), images(seed=1)
    changed = at_each_scale(lambda a, b: torch.cat([a[:6], b[6:]]), real, fake)
    before, after = network(real).score, network(changed).score
    torch.testing.assert_close(before[:6], after[:6])
    assert (before[6:] - after[6:]).abs().min() > 1e-6


@combinations
def test_first_and_second_derivatives_are_right(combine):
    network = MultiScaleCritic(2, combine=combine, group=2).build(SampleSpec((1, 8, 8))).double()
    generator = torch.Generator().manual_seed(0)
    inputs = [torch.randn(2, 1, s, s, dtype=torch.float64, generator=generator, requires_grad=True) for s in (4, 8)]

    def scores(coarse, fine):
        return network(Scales((coarse, fine))).score

    assert torch.autograd.gradcheck(scores, inputs, fast_mode=True)
    assert torch.autograd.gradgradcheck(scores, inputs, fast_mode=True)


@combinations
def test_the_penalty_over_scales_is_that_of_the_scales_laid_end_to_end(combine):
    network = MultiScaleCritic(4, combine=combine).build(SAMPLE).double()
    reference = copy.deepcopy(network)
    points = images(4)
    penalty = gradient_penalty(network, points, points)
    penalty.backward()
    rows = torch.cat([tensor.flatten(1) for tensor in points.images], 1).requires_grad_(True)
    sizes = [tensor[0].numel() for tensor in points.images]
    parts = [part.reshape(t.shape) for part, t in zip(rows.split(sizes, 1), points.images, strict=True)]
    (gradient,) = torch.autograd.grad(reference(Scales(tuple(parts))).score.sum(), rows, create_graph=True)
    expected = (gradient.norm(dim=1) - 1).square().mean()
    expected.backward()
    torch.testing.assert_close(penalty, expected, rtol=1e-9, atol=1e-11)
    for (name, got), want in zip(network.named_parameters(), reference.parameters(), strict=True):
        if name.endswith("original"):  # a bias moves no slope but through kinks
            assert got.grad.abs().max() > 0, name
            torch.testing.assert_close(got.grad, want.grad, rtol=1e-8, atol=1e-10)


def test_samples_that_are_no_pyramid_from_4_px_are_refused_with_the_remedy():
    network = MultiScaleCritic(4).build(SAMPLE)
    with pytest.raises(UsageError, match=r"got samples of one size.*Pyramid\(least=4\)"):
        network(torch.randn(4, 3, 16, 16))
    with pytest.raises(UsageError, match=r"4, 8, 16 px together, but got images of 8, 16 px"):
        network(Scales(images(dtype=torch.float32).images[1:]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"combine": "lincat"}, r"MultiScaleCritic\.combine is 'lincat'; allowed: simple, .*did you mean 'lin_cat'"),
        ({"group": 1}, r"MultiScaleCritic\.group is 1; allowed: whole numbers from 2, or null"),
    ],
)
def test_what_no_critic_can_have_is_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        dataclasses.replace(MultiScaleCritic(), **changes)


def test_sizes_in_between_are_refused_with_what_fits():
    for build in (lambda s: MultiScaleGenerator().build(s, 8), MultiScaleCritic().build):
        with pytest.raises(UsageError, match=r"to 32 or 64 px with --data\.size"):
            build(SampleSpec((1, 48, 48)))


def test_a_single_generator_makes_the_finest_image_of_the_same_weights():
    whole, single = MultiScaleGenerator(6).build(SAMPLE, 5), MultiScaleGenerator(6, single=True).build(SAMPLE, 5)
    weights = whole.state_dict()
    finest = {name.replace("colours.2", "colours.0"): weights[name] for name in weights if "colours.2" in name}
    single.load_state_dict({name: weights[name] for name in single.state_dict()} | finest)
    latents = torch.randn(4, 5)
    assert torch.equal(single(latents), whole(latents).images[-1])


def test_a_single_critic_is_its_layers_written_out():
    network = shifted_biases(MultiScaleCritic(6, group=None, single=True).build(SAMPLE).double())
    fine = images().images[-1]
    x = conv(fine, network.entry)
    for block in network.blocks:
        first, second = layers_of(block)
        x = halved(lrelu(conv(lrelu(conv(x, first)), second)))
    spread = ((x - x.mean(0)).square().mean(0) + 1e-8).sqrt().mean()
    x = torch.cat([x, spread.expand(len(x), 1, 4, 4)], 1)
    convolution, dense = layers_of(network.end)
    x = lrelu(conv(x, convolution)).flatten(1)
    weight, bias = stored(dense)
    x = lrelu(x @ weight.T * math.sqrt(2 / weight.shape[1]) + bias)
    weight, bias = stored(network.head.score)
    expected = (x @ weight.T / math.sqrt(weight.shape[1]) + bias).squeeze(1)
    torch.testing.assert_close(network(fine).score, expected, rtol=1e-10, atol=1e-10)
    for wrong in (images(), fine[:, :, :8, :8]):
        with pytest.raises(UsageError, match="single images of 16 px"):
            network(wrong)
