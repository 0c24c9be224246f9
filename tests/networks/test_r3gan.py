"""R3GAN's networks: parameter counts by hand, how they begin, labels, derivatives, and what is refused."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks import R3GANCritic, R3GANGenerator, parameter_count
from steadygan.networks.layers.inspect import couples_batch
from steadygan.networks.layers.r3gan import LEAKY_GAIN, BasisHead, LearnedBasis, ResNeXtBlock
from steadygan.networks.layers.resampling import FilteredDownsample, FilteredUpsample
from steadygan.types import SampleSpec

CIFAR, LABELLED = SampleSpec((3, 32, 32)), SampleSpec((3, 32, 32), 10)
SMALL = SampleSpec((3, 16, 16), 5)


def settled(network: nn.Module, seed: int = 0) -> nn.Module:
    """The network with its zeros replaced, as after some training."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part in network.modules():
            if isinstance(part, ResNeXtBlock):
                part.narrow.weight.normal_(0.0, 0.1, generator=generator)
                for bias in (part.widen.bias, part.mix.bias):
                    bias.normal_(0.0, 0.1, generator=generator)
    return network


def block_count(width: int, expansion: int = 2, group: int = 16) -> int:
    """Weights of W1, W2, W3 and the two biases of one block."""
    hidden = width * expansion
    return width * hidden + hidden * min(group, hidden) * 9 + hidden * width + 2 * hidden


@pytest.mark.parametrize(("sample", "generator", "critic"), [(LABELLED, 20.8e6, 21.3e6), (CIFAR, 20.7e6, 20.7e6)])
def test_the_cifar_preset_has_the_papers_size(sample, generator, critic):
    conditional, classes, width = sample.classes > 0, sample.classes, 768
    made = parameter_count(R3GANGenerator(width, "constant", conditional=conditional).build(sample, 64))
    latent = 64 + (64 if conditional else 0)
    assert made == 8 * block_count(width) + width * 16 + latent * width + 3 * width + 64 * classes
    assert made == pytest.approx(generator, rel=0.005)
    read = parameter_count(R3GANCritic(width, "constant", conditional=conditional).build(sample))
    head = width * width + classes * width if conditional else width
    assert read == 3 * width + 8 * block_count(width) + width * 16 + head
    assert read == pytest.approx(critic, rel=0.005)


@pytest.mark.parametrize(
    ("size", "widths"),
    [(8, [16, 8]), (16, [32, 16, 8]), (28, [32, 16, 8]), (32, [64, 32, 16, 8]), (64, [64, 64, 32, 16, 8]),
     (128, [64, 64, 64, 32, 16, 8]), (256, [64, 64, 64, 64, 32, 16, 8])],
)  # fmt: skip
def test_stages_follow_the_size_and_widths_double_downwards_up_to_eight_times(size, widths):
    sample = SampleSpec((1, size, size))
    generator, critic = R3GANGenerator(8).build(sample, 5), R3GANCritic(8).build(sample)

    def of(network):
        return [part.narrow.out_channels for part in network.modules() if isinstance(part, ResNeXtBlock)]

    assert of(generator) == [width for width in widths for _ in range(2)]
    assert of(critic) == of(generator)[::-1]
    assert sum(isinstance(part, FilteredUpsample) for part in generator.modules()) == len(widths) - 1
    assert sum(isinstance(part, FilteredDownsample) for part in critic.modules()) == len(widths) - 1
    samples = generator(torch.randn(2, 5))
    assert samples.shape == (2, 1, size, size) and critic(samples).score.shape == (2,)


def test_widths_may_be_named_stage_by_stage():
    named = {"stages": (24, 16, 8), "group": 8, "blocks": 1, "expansion": 1}
    generator = R3GANGenerator(**named).build(SMALL, 5)
    blocks = [part for part in generator.modules() if isinstance(part, ResNeXtBlock)]
    assert [block.mix.groups for block in blocks] == [3, 2, 1]
    count = sum(block_count(width, 1, 8) for width in (24, 16, 8))
    assert parameter_count(generator) == count + 24 * 16 + 5 * 24 + 24 * 16 + 16 * 8 + 8 * 3


def test_a_block_begins_as_the_identity_with_weights_of_the_claimed_scale():
    block = ResNeXtBlock(256, 512, 32, 8, critic=True)
    x = torch.randn(2, 256, 4, 4)
    assert torch.equal(block(x), x)
    gain = math.sqrt(2 / 1.04) * 8**-0.25
    for layer, fan_in in ((block.widen, 256), (block.mix, 16 * 9)):
        assert layer.weight.std().item() == pytest.approx(gain / math.sqrt(fan_in), rel=0.02)
        assert abs(layer.weight.mean().item()) < 0.02 * gain / math.sqrt(fan_in)
        assert not layer.bias.any()
    assert not block.narrow.weight.any() and block.narrow.bias is None


def test_the_gain_keeps_the_mean_square_through_a_layer_and_its_activation():
    layer = nn.Conv2d(512, 512, 1, bias=False)
    nn.init.normal_(layer.weight, 0.0, LEAKY_GAIN / math.sqrt(512))
    x = torch.randn(64, 512, 2, 2)
    assert nn.functional.leaky_relu(layer(x), 0.2).square().mean().item() == pytest.approx(1.0, rel=0.05)


def squares(resample: nn.Module, size: int) -> float:
    """What the mean square of white noise becomes: the mean over pixels of the sum of squared weights."""
    units = torch.eye(size * size, dtype=torch.float64).reshape(-1, 1, size, size)
    return resample(units).square().sum(0).mean().item()


def mean_square(make) -> float:
    """Of what fresh networks give, over many of them: a single one has a scale of its own."""
    torch.manual_seed(0)
    return float(np.mean([make().square().mean().item() for _ in range(40)]))


def test_a_fresh_generators_output_has_the_scale_of_its_basis_after_the_filter():
    spec, sample = R3GANGenerator(64, "constant", blocks=1), SampleSpec((3, 8, 8))
    found = mean_square(lambda: spec.build(sample, 64)(torch.randn(50, 64)))
    assert found == pytest.approx(squares(FilteredUpsample(), 4), rel=0.1)


def test_a_fresh_critics_scores_have_the_scale_of_white_noise_after_the_filter():
    spec, sample = R3GANCritic(64, "constant", blocks=1), SampleSpec((3, 8, 8))
    found = mean_square(lambda: spec.build(sample)(torch.randn(50, 3, 8, 8)).score)
    assert found == pytest.approx(squares(FilteredDownsample(), 8), rel=0.3)


def test_class_vectors_begin_as_a_layer_of_one_hot_labels():
    generator = R3GANGenerator(16, conditional=True, embedding=4000).build(SMALL, 8)
    assert generator.labelling.vectors.weight.std().item() == pytest.approx(1 / math.sqrt(5), rel=0.02)
    head = BasisHead(2000, (4, 4), 5)
    assert head.embedding.weight.std().item() == pytest.approx(1 / math.sqrt(5 * 2000), rel=0.03)


def test_basis_and_head_are_each_others_mirror_images():
    start, end = LearnedBasis(3, 6, (4, 4)), BasisHead(6, (4, 4), features=True)
    z = torch.randn(2, 3)
    expected = torch.einsum("ni,ci,chw->nchw", z, start.weights.weight, start.basis)
    torch.testing.assert_close(start(z), expected)
    maps = torch.randn(2, 6, 4, 4)
    depthwise = nn.functional.conv2d(maps, end.basis[:, None], groups=6).flatten(1)
    output = end(maps)
    torch.testing.assert_close(output.features, depthwise)
    torch.testing.assert_close(output.score, depthwise @ end.score.weight[0])


def test_a_conditional_pair_depends_on_labels():
    generator = R3GANGenerator(8, conditional=True, embedding=6).build(SMALL, 5)
    critic = R3GANCritic(8, conditional=True, features=True).build(SMALL)
    z, labels, others = torch.randn(3, 5), torch.tensor([0, 1, 2]), torch.tensor([0, 3, 4])
    same = generator(z, labels) == generator(z, others)
    assert same[0].all() and not same[1].all() and not same[2].all()
    samples = generator(z, labels)
    output = critic(samples, labels)
    projected = output.features @ critic.head.score.weight.T
    torch.testing.assert_close(output.score, (projected * critic.head.embedding(labels)).sum(1))
    for missing in (lambda: generator(z), lambda: critic(samples)):
        with pytest.raises(UsageError, match="got no"):
            missing()


@pytest.mark.parametrize("spec", [R3GANGenerator(8, conditional=True), R3GANCritic(8, conditional=True)])
def test_a_conditional_network_refuses_data_without_labels(spec):
    with pytest.raises(UsageError, match="conditional needs data with labels of 2 classes or more"):
        spec.build(CIFAR, 5) if isinstance(spec, R3GANGenerator) else spec.build(CIFAR)


@pytest.mark.parametrize("conditional", [False, True])
def test_first_and_second_derivatives_of_the_critic_are_right(conditional):
    spec = R3GANCritic(2, stages=(2, 1), blocks=1, group=1, conditional=conditional)
    critic = settled(spec.build(SampleSpec((1, 8, 8), 3)).double())
    x = torch.randn(2, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([0, 2])
    assert torch.autograd.gradcheck(lambda y: critic(y, labels).score, x)
    # scores are piecewise linear in pixels, so the second derivative that matters is that of slope and weights
    weights = [p for p in critic.parameters() if p.requires_grad]

    def slope(*values):
        names = [name for name, _ in critic.named_parameters()]
        scores = torch.func.functional_call(critic, dict(zip(names, values, strict=True)), (x, labels)).score
        (gradient,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
        return gradient.flatten(1).square().sum(1)

    assert torch.autograd.gradcheck(slope, [p.detach().clone().requires_grad_(True) for p in weights])


def test_a_gradient_penalty_reaches_every_weight_once_training_has_begun():
    critic = settled(R3GANCritic(8, conditional=True).build(SMALL))
    points = torch.randn(3, *SMALL.shape, requires_grad=True)
    score = critic(points, torch.tensor([0, 1, 2])).score
    (slope,) = torch.autograd.grad(score.sum(), points, create_graph=True)
    slope.square().sum().backward()
    for name, weight in critic.named_parameters():
        if not name.endswith("bias"):  # biases move the score and not the slope
            assert weight.grad is not None and weight.grad.abs().max() > 0, name


def test_no_sample_sees_another_one():
    critic = settled(R3GANCritic(8).build(SMALL))
    x = torch.randn(4, *SMALL.shape)
    assert not couples_batch(critic)
    torch.testing.assert_close(critic(x).score[:2], critic(x[:2]).score)


@pytest.mark.parametrize("bf16", [False, True])
def test_samples_and_scores_are_float32_whatever_is_computed_in(bf16):
    generator, critic = R3GANGenerator(8).build(SMALL, 5), R3GANCritic(8, features=True).build(SMALL)
    with torch.autocast("cpu", torch.bfloat16, enabled=bf16, cache_enabled=False):
        samples = generator(torch.randn(3, 5))
        output = critic(samples)
    assert samples.dtype == output.score.dtype == output.features.dtype == torch.float32


def test_bf16_changes_scores_by_its_rounding_only():
    critic = settled(R3GANCritic(16).build(SMALL))
    x = torch.randn(8, *SMALL.shape)
    exact = critic(x).score
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        rounded = critic(x).score
    assert (exact - rounded).norm() < 0.03 * exact.norm()


def test_scores_do_not_depend_on_the_memory_format():
    critic = settled(R3GANCritic(8).build(SMALL)).double()
    x = torch.randn(3, *SMALL.shape, dtype=torch.float64)
    other = copy.deepcopy(critic).to(memory_format=torch.channels_last)
    same = other(x.contiguous(memory_format=torch.channels_last)).score
    torch.testing.assert_close(same, critic(x).score, atol=1e-12, rtol=0)


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (
            lambda: R3GANGenerator(12),
            "R3GANGenerator has 12 maps, in blocks 24, no multiple of the group of 16",
        ),
        (lambda: R3GANCritic(stages=(16, 0)), "R3GANCritic.stages is 0"),
        (lambda: R3GANCritic(widths="halving"), "R3GANCritic.widths is 'halving'; allowed: doubling, constant"),
        (lambda: R3GANCritic(group=0), "R3GANCritic.group is 0"),
        (lambda: R3GANGenerator(output="relu"), "R3GANGenerator.output is 'relu'"),
        (lambda: R3GANCritic(stages=(16, 16)).build(CIFAR), "has 2 widths, but 32 px take 4: one for each size from 4"),
    ],
)
def test_what_cannot_be_built_is_refused_in_one_line(make, line):
    with pytest.raises(UsageError, match=line) as caught:
        make()
    assert "\n" not in str(caught.value)
