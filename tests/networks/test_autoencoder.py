"""Critics that are autoencoders: the score is the error of the reconstruction."""

from __future__ import annotations

import dataclasses

import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks import (
    BEGANCritic,
    BEGANGenerator,
    ConvAutoencoderCritic,
    MLPAutoencoderCritic,
)
from steadygan.networks.autoencoder import SIZES
from steadygan.networks.layers.inspect import couples_batch
from steadygan.types import SampleSpec
from tests.networks.maps import CIFAR, DIGITS, FACES, POINTS, convolutions

CRITICS = [
    (BEGANCritic(width=4, code=6), SampleSpec((3, 16, 16))),
    (BEGANCritic(width=4, code=6, skip=True, exponent=2), SampleSpec((1, 28, 28))),
    (ConvAutoencoderCritic(width=4, norm="layer"), SampleSpec((3, 32, 32))),
    (MLPAutoencoderCritic(width=16, code=6), POINTS),
    (MLPAutoencoderCritic(width=16, code=6, decoder_depth=1, exponent=1), DIGITS),
]


critics = pytest.mark.parametrize(("critic", "sample"), CRITICS)


def test_ebgans_64_px_critic_has_three_layers_down_and_three_up() -> None:
    critic = ConvAutoencoderCritic().build(FACES)
    assert convolutions(critic.encoder) == [(3, 64, 2), (64, 128, 2), (128, 256, 2)]
    assert convolutions(critic.decoder) == [(256, 128, 2), (128, 64, 2), (64, 3, 2)]
    kernels = {part.kernel_size for part in critic.modules() if isinstance(part, nn.Conv2d | nn.ConvTranspose2d)}
    assert kernels == {(4, 4)}
    norms = [part.num_features for part in critic.modules() if isinstance(part, nn.BatchNorm2d)]
    assert norms == [128, 256, 128, 64]  # not after the first layer and not after the last
    assert critic(torch.randn(2, 3, 64, 64)).code.shape == (2, 256 * 8 * 8)


def test_the_critic_of_vectors_decodes_by_one_linear_layer_unless_asked_for_more() -> None:
    def sizes(module: nn.Module) -> list[tuple[int, int]]:
        return [(p.in_features, p.out_features) for p in module.modules() if isinstance(p, nn.Linear)]

    critic = MLPAutoencoderCritic(width=32, depth=2, code=7).build(DIGITS)
    assert sizes(critic.encoder) == [(64, 32), (32, 32), (32, 7)] and sizes(critic.decoder) == [(7, 64)]
    critic = MLPAutoencoderCritic(width=32, depth=1, code=7, decoder_depth=2).build(POINTS)
    assert sizes(critic.encoder) == [(2, 32), (32, 7)] and sizes(critic.decoder) == [(7, 32), (32, 32), (32, 2)]


@critics
def test_the_score_is_the_mean_error_of_the_reconstruction(critic, sample) -> None:
    network = critic.build(sample).double()
    samples = torch.randn(3, *sample.shape, dtype=torch.float64)
    output = network(samples)
    difference = (samples - network.reconstruct(samples)).flatten(1)
    assert torch.allclose(output.score, difference.abs().pow(critic.exponent).sum(1) / difference.shape[1], atol=1e-12)
    assert output.score.shape == (3,) and output.code.shape[0] == 3 and output.code.dim() == 2
    assert (output.class_logits, output.features, output.labels) == (None, None, None)


@critics
def test_a_sample_that_is_reconstructed_has_score_0(critic, sample) -> None:
    network = critic.build(sample).double()
    samples = torch.randn(2, *sample.shape, dtype=torch.float64)
    network._passed = lambda given: (given.clone(), given)
    assert network(samples).score.tolist() == [0.0, 0.0]


@critics
def test_joined_and_separate_passes_agree(critic, sample) -> None:
    network = critic.build(sample).double()
    assert not couples_batch(network)
    real, fake = (torch.randn(3, *sample.shape, dtype=torch.float64) for _ in range(2))
    joined = network(torch.cat([real, fake]))
    for got, rows in ((network(real), slice(0, 3)), (network(fake), slice(3, 6))):
        assert torch.allclose(got.score, joined.score[rows], atol=1e-12)
        assert torch.allclose(got.code, joined.code[rows], atol=1e-12)


@critics
def test_scores_and_codes_are_float32_under_bf16_and_near_those_of_fp32(critic, sample) -> None:
    network, samples = critic.build(sample), torch.randn(4, *sample.shape)
    plain = network(samples)
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        rounded = network(samples)
    assert rounded.score.dtype == rounded.code.dtype == torch.float32
    assert torch.allclose(rounded.score, plain.score, rtol=0.02)


@critics
def test_the_score_has_a_second_derivative_for_penalties(critic, sample) -> None:
    small = dataclasses.replace(critic, width=2, activation="tanh", exponent=2)
    network = small.build(SampleSpec((1, 8, 8)) if sample.is_image else sample).double()
    points = torch.randn(1, *((1, 8, 8) if sample.is_image else sample.shape), dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda x: network(x).score, (points,))


@critics
def test_the_memory_format_does_not_matter(critic, sample) -> None:
    network, x = critic.build(sample).double(), torch.randn(3, *sample.shape, dtype=torch.float64)
    expected = network(x)
    if sample.is_image:
        network, x = network.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
    got = network(x)
    assert torch.allclose(got.score, expected.score, atol=1e-12)
    assert torch.allclose(got.code, expected.code, atol=1e-12)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_size_is_made_and_read(size: int, channels: int) -> None:
    sample = SampleSpec((channels, size, size))
    samples = BEGANGenerator(2).build(sample, 3)(torch.randn(2, 3))
    assert samples.shape == (2, channels, size, size)
    for spec in (BEGANCritic(2, 3), BEGANCritic(2, 3, skip=True), ConvAutoencoderCritic(2)):
        critic = spec.build(sample)
        assert critic(samples).score.shape == (2,)
        assert critic.reconstruct(samples).shape == samples.shape


@pytest.mark.parametrize("norm", ["none", "layer", "instance", "batch"])
@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "tanh", "elu", "smooth_elu"])
def test_every_norm_goes_with_every_activation(norm, activation) -> None:
    samples = BEGANGenerator(2, norm=norm, activation=activation).build(DIGITS, 3)(torch.randn(4, 3))
    for spec in (BEGANCritic(2, 3), ConvAutoencoderCritic(2)):
        critic = dataclasses.replace(spec, norm=norm, activation=activation).build(DIGITS)
        assert torch.isfinite(critic(samples).score).all()
        assert couples_batch(critic) == (norm == "batch")


def test_the_error_is_about_the_deviation_of_the_data_at_first() -> None:
    samples = torch.randn(16, 3, 32, 32)
    for spec in (BEGANCritic(16, 16), ConvAutoencoderCritic(16)):
        assert 0.5 < spec.build(CIFAR)(samples).score.mean() < 3.0, spec


@pytest.mark.parametrize("kind", [BEGANCritic, ConvAutoencoderCritic, MLPAutoencoderCritic])
def test_other_errors_than_the_absolute_and_the_squared_are_refused(kind) -> None:
    with pytest.raises(UsageError, match=rf"{kind.__name__}\.exponent is 3; allowed: 1 \(absolute error\), 2 "):
        kind(exponent=3)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (lambda: BEGANCritic(code=0), "BEGANCritic.code is 0"),
        (lambda: MLPAutoencoderCritic(code=0), "MLPAutoencoderCritic.code is 0"),
        (lambda: MLPAutoencoderCritic(decoder_depth=-1), "MLPAutoencoderCritic.decoder_depth is -1"),
        (lambda: ConvAutoencoderCritic(kernel=1), "ConvAutoencoderCritic.kernel is 1"),
        (lambda: BEGANGenerator(activation="elo"), "BEGANGenerator.activation is 'elo'.*did you mean 'elu'"),
        (lambda: BEGANGenerator(output="tan"), "BEGANGenerator.output is 'tan'.*did you mean 'tanh'"),
    ],
)
def test_fields_out_of_range_are_refused(make, part) -> None:
    with pytest.raises(UsageError, match=part) as error:
        make()
    assert "\n" not in str(error.value)
