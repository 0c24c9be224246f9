"""The 101-layer networks: depth counted in the graph of a pass, layer tables, gradients at both ends."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from steadygan.networks import ResNet101Critic, ResNet101Generator, parameter_count
from steadygan.networks.layers.bottleneck import BottleneckBlock
from steadygan.networks.layers.inspect import couples_batch, is_norm
from steadygan.networks.resnet101 import SIZES
from steadygan.types import SampleSpec

LARGE = SampleSpec((3, 64, 64), classes=10)
DEPTHS = [(64, 101), (32, 83), (16, 62), (8, 41)]
LAYERS = ("ConvolutionBackward0", "AddmmBackward0")


def depth(output: torch.Tensor) -> int:
    """The most convolutions and linear layers on any way from a pass's output back to its input."""
    found: dict[object, int] = {}
    waiting = [output.grad_fn]
    while waiting:
        node = waiting[-1]
        parents = [parent for parent, _ in node.next_functions if parent is not None]
        missing = [parent for parent in parents if parent not in found]
        if missing:
            waiting += missing
            continue
        here = 1 if node.name() in LAYERS else 0
        found[node] = here + max((found[parent] for parent in parents), default=0)
        waiting.pop()
    return found[output.grad_fn]


@pytest.mark.parametrize(("size", "layers"), DEPTHS)
def test_both_networks_are_101_layers_deep_at_64_px_and_less_below(size, layers):
    sample = SampleSpec((3, size, size))
    samples = ResNet101Generator(width=2).build(sample, 4)(torch.randn(2, 4))
    assert samples.shape == (2, 3, size, size)
    assert depth(samples) == layers
    critic = ResNet101Critic(width=2).build(sample)
    assert depth(critic(samples.detach()).score) == layers
    off_shortcuts = [
        part
        for name, part in critic.named_modules()
        if isinstance(part, nn.Conv2d | nn.Linear) and "shortcut" not in name
    ]
    assert len(off_shortcuts) == layers


def shapes_through(network, x):
    shapes = []
    for part in network.modules():
        if isinstance(part, BottleneckBlock):
            part.register_forward_hook(lambda _, __, y: shapes.append(tuple(y.shape[1:])))
    network(x)
    return shapes


def test_stages_have_the_papers_maps_and_pixels():
    up = [(512, 4, 4)] * 6 + [(256, 8, 8)] * 7 + [(128, 16, 16)] * 7 + [(64, 32, 32)] * 7 + [(32, 64, 64)] * 6
    assert len(up) == 33
    generator, critic = ResNet101Generator().build(LARGE, 128), ResNet101Critic().build(LARGE)
    assert shapes_through(generator, torch.randn(2, 128)) == up
    down = [(32, 64, 64)] * 5 + [(64, 32, 32)] * 7 + [(128, 16, 16)] * 7 + [(256, 8, 8)] * 7 + [(512, 4, 4)] * 7
    assert shapes_through(critic, torch.randn(2, 3, 64, 64)) == down


def of_block(inputs, outputs, shortcut):
    """Parameters by hand: 1x1 and 3x3 with biases, 1x1 without, a norm's scale and offset; then the shortcut."""
    before, after = inputs // 2, outputs // 2
    branch = inputs * before + before + 9 * before * after + after + after * outputs + 2 * outputs
    return branch + {"none": 0, "down": inputs * outputs + outputs, "up": 4 * (inputs * outputs + outputs)}[shortcut]


def test_parameters_are_those_of_the_published_layers():
    kept = 6 * sum(of_block(c, c, "none") for c in (512, 256, 128, 64)) + 5 * of_block(32, 32, "none")
    steps = [(512, 256), (256, 128), (128, 64), (64, 32)]
    generator = 128 * 8192 + 8192 + kept + sum(of_block(a, b, "up") for a, b in steps) + 32 * 3 + 3
    critic = 3 * 32 + 32 + kept + sum(of_block(b, a, "down") for a, b in steps) + 8192 + 1
    assert parameter_count(ResNet101Generator().build(LARGE, 128)) == generator == 9_189_587
    assert parameter_count(ResNet101Critic().build(LARGE)) == critic == 7_618_801
    classes = ResNet101Critic(class_logits=True, features=True).build(LARGE)
    assert parameter_count(classes) == critic + 8193 * 10


def test_each_block_has_one_norm_at_its_end_and_only_blocks_have_them():
    for network in (ResNet101Generator(2).build(LARGE, 4), ResNet101Critic(2).build(LARGE)):
        blocks = [part for part in network.modules() if isinstance(part, BottleneckBlock)]
        assert all(is_norm(block.branch[-1]) for block in blocks)
        assert sum(is_norm(part) for part in network.modules()) == len(blocks) == 33
        assert not any(is_norm(part) for part in type(blocks[0])(4, 4).modules())
    assert not couples_batch(ResNet101Critic(2).build(LARGE))
    assert couples_batch(ResNet101Critic(2, norm="batch").build(LARGE))


@pytest.mark.parametrize("resample", ["same", "down", "up"])
def test_a_block_is_the_authors_code_written_out(resample):
    block = BottleneckBlock(4, 6, resample, norm="layer", critic=True).double()
    x = torch.randn(2, 4, 8, 8, dtype=torch.float64)
    _, narrow, _, middle, _, widen, norm = block.branch
    y = F.conv2d(x.relu(), narrow.weight, narrow.bias).relu()
    if resample == "up":  # 2n + 1 pixels; SAME drops the last one
        y = F.conv_transpose2d(y, middle.weight, middle.bias, stride=2)[:, :, :16, :16]
    elif resample == "down":  # an even size: SAME pads right and below
        y = F.conv2d(F.pad(y, (0, 1, 0, 1)), middle.weight, middle.bias, stride=2)
    else:
        y = F.conv2d(y, middle.weight, middle.bias, padding=1)
    y = F.conv2d(y.relu(), widen.weight)
    mean, deviation = y.mean((1, 2, 3), keepdim=True), (y.var((1, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    assert torch.equal(norm.weight, torch.ones(6)) and torch.equal(norm.bias, torch.zeros(6))
    expected = 0.3 * (y - mean) / deviation
    if resample == "up":  # pixel (2i + a, 2j + b) of map c is map 4c + 2a + b of the wide convolution
        wide = F.conv2d(x, block.shortcut.conv.weight, block.shortcut.conv.bias)
        beside = torch.empty(2, 6, 16, 16, dtype=torch.float64)
        for a in (0, 1):
            for b in (0, 1):
                beside[:, :, a::2, b::2] = wide[:, 2 * a + b :: 4]
    else:
        step = 2 if resample == "down" else 1
        beside = F.conv2d(x[:, :, ::step, ::step], block.shortcut.weight, block.shortcut.bias)
    assert torch.allclose(block(x), beside + expected, atol=1e-12)


def test_pixels_and_scores_are_a_fifth_of_what_comes_out():
    generator = ResNet101Generator(2, norm="layer").build(LARGE, 4)
    x = latents = torch.randn(2, 4)
    for part in list(generator.trunk)[:-1]:
        x = part(x)
    assert torch.allclose(generator(latents), torch.tanh(x / 5), atol=1e-6)
    critic = ResNet101Critic(2, features=True, class_logits=True).build(LARGE)
    output = critic(torch.randn(3, 3, 64, 64))
    assert torch.allclose(output.score, critic.head.head.score(output.features)[:, 0] / 5)
    assert torch.allclose(output.class_logits, critic.head.head.class_logits(output.features))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("width", [1, 3])
def test_odd_and_tiny_widths_are_built_too(size, width):
    sample = SampleSpec((1, size, size))
    samples = ResNet101Generator(width).build(sample, 4)(torch.randn(2, 4))
    assert torch.isfinite(ResNet101Critic(width).build(sample)(samples).score).all()


def ends(network):
    """The weights of the first and the last layer."""
    weights = [p for name, p in network.named_parameters() if p.dim() > 1 and "shortcut" not in name]
    return weights[0], weights[-1]


def test_gradients_are_finite_and_not_0_at_both_ends_of_both_networks():
    generator, critic = ResNet101Generator(8).build(LARGE, 32), ResNet101Critic(8).build(LARGE)
    critic(generator(torch.randn(4, 32))).score.mean().neg().backward()
    for network in (generator, critic):
        assert all(torch.isfinite(p.grad).all() for p in network.parameters())
        first, last = (weight.grad.norm() for weight in ends(network))
        assert first > 0 and last > 0
        assert 1e-3 < first / last < 1e3


def test_a_gradient_penalty_reaches_both_ends_of_the_critic():
    critic = ResNet101Critic(4).build(LARGE)
    points = torch.randn(2, 3, 64, 64, requires_grad=True)
    (slope,) = torch.autograd.grad(critic(points).score.sum(), points, create_graph=True)
    (slope.flatten(1).norm(dim=1) - 1).square().mean().backward()
    for weight in ends(critic):
        assert torch.isfinite(weight.grad).all() and weight.grad.abs().max() > 0
