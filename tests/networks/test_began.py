"""BEGAN's networks against the paper's table."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from steadygan.networks import (
    BEGANCritic,
    BEGANGenerator,
    parameter_count,
)
from steadygan.types import SampleSpec
from tests.networks.maps import CIFAR, FACES, convolutions


def test_the_64_px_encoder_grows_by_n_with_each_of_three_halvings() -> None:
    n, code = 8, 5
    critic = BEGANCritic(n, code).build(FACES)
    assert convolutions(critic.encoder) == [
        (3, n, 1), (n, n, 1), (n, n, 1),
        (n, 2 * n, 2), (2 * n, 2 * n, 1), (2 * n, 2 * n, 1),
        (2 * n, 3 * n, 2), (3 * n, 3 * n, 1), (3 * n, 3 * n, 1),
        (3 * n, 4 * n, 2), (4 * n, 4 * n, 1), (4 * n, 4 * n, 1),
    ]  # fmt: skip
    last = [part for part in critic.encoder.modules() if isinstance(part, nn.Linear)]
    assert [(part.in_features, part.out_features) for part in last] == [(8 * 8 * 4 * n, code)]
    assert sum(isinstance(part, nn.ELU) for part in critic.encoder.modules()) == 12  # after each convolution


@pytest.mark.parametrize(("skip", "wide"), [(False, 8), (True, 16)])
def test_the_64_px_decoder_and_the_generator_have_one_form(skip: bool, wide: int) -> None:
    n, code = 8, 5
    critic = BEGANCritic(n, code, skip=skip).build(FACES)
    generator = BEGANGenerator(n, skip=skip).build(FACES, code)
    level = [(wide, n, 1), (n, n, 1)]
    for decoder in (critic.decoder, generator):
        assert convolutions(decoder) == [(n, n, 1), (n, n, 1), *level, *level, *level, (n, 3, 1)]
        start = [part for part in decoder.modules() if isinstance(part, nn.Linear)]
        assert [(part.in_features, part.out_features) for part in start] == [(code, 64 * n)]
        assert sum(isinstance(part, nn.ELU) for part in decoder.modules()) == 8  # none after the linear layer
    assert parameter_count(critic.decoder) == parameter_count(generator)


@pytest.mark.parametrize(
    ("size", "halvings", "end"), [(8, 1, 4), (16, 1, 8), (28, 2, 7), (32, 2, 8), (64, 3, 8), (128, 4, 8)]
)
def test_pixels_are_halved_down_to_8_by_8(size: int, halvings: int, end: int) -> None:
    critic = BEGANCritic(2, 3).build(SampleSpec((1, size, size)))
    assert [stride for *_, stride in convolutions(critic.encoder)].count(2) == halvings
    (last,) = (part for part in critic.encoder.modules() if isinstance(part, nn.Linear))
    assert last.in_features == end * end * 2 * (halvings + 1)


@pytest.mark.parametrize("skip", [False, True])
def test_the_generator_is_the_table_written_out(skip: bool) -> None:
    generator = BEGANGenerator(4, skip=skip).build(CIFAR, 5).double()
    latents = torch.randn(3, 5, dtype=torch.float64)
    start = next(part for part in generator.modules() if isinstance(part, nn.Linear))
    c = [part for part in generator.modules() if isinstance(part, nn.Conv2d)]

    def conv(x: torch.Tensor, layer: nn.Conv2d) -> torch.Tensor:
        return F.conv2d(x, layer.weight, layer.bias, padding=1)

    h0 = F.linear(latents, start.weight, start.bias).reshape(3, 4, 8, 8)
    x = F.elu(conv(F.elu(conv(h0, c[0])), c[1]))
    for scale, pair in ((2, c[2:4]), (4, c[4:6])):
        x = x.repeat_interleave(2, 2).repeat_interleave(2, 3)
        if skip:
            x = torch.cat([x, h0.repeat_interleave(scale, 2).repeat_interleave(scale, 3)], 1)
        x = F.elu(conv(F.elu(conv(x, pair[0])), pair[1]))
    assert torch.allclose(generator(latents), conv(x, c[6]), atol=1e-12)


def test_the_generators_output_can_be_bounded() -> None:
    latents = 50 * torch.randn(3, 5)
    assert BEGANGenerator(4).build(CIFAR, 5)(latents).abs().max() > 1
    assert BEGANGenerator(4, output="tanh").build(CIFAR, 5)(latents).abs().max() <= 1
