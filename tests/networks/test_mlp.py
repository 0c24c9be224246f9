"""Fully connected networks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.networks import MLPCritic, MLPGenerator, parameter_count
from steadygan.networks.layers.inspect import couples_batch
from steadygan.networks.layers.linear import FullPrecisionLinear
from steadygan.types import SampleSpec

POINTS, IMAGES = SampleSpec((2,)), SampleSpec((3, 64, 64))


def test_toy_networks_have_the_papers_parameter_counts():
    assert parameter_count(MLPGenerator().build(POINTS, 2)) == 527_874
    assert parameter_count(MLPCritic().build(POINTS)) == 527_361


def test_the_lsun_grids_generator_has_four_hidden_layers_and_tanh_pixels():
    generator = MLPGenerator(width=512, depth=4).build(IMAGES, 128)
    expected = (128 * 512 + 512) + 3 * (512 * 512 + 512) + (512 * 12288 + 12288)
    assert parameter_count(generator) == expected
    samples = generator(100 * torch.randn(2, 128))
    assert samples.shape == (2, 3, 64, 64)
    assert samples.abs().max() <= 1


def test_points_are_not_squashed():
    assert MLPGenerator(width=8).build(POINTS, 2)(1000 * torch.randn(64, 2)).abs().max() > 1


def test_the_critic_is_its_layers_written_out():
    critic = MLPCritic(width=8, depth=2).build(POINTS).double()
    x = torch.randn(5, 2, dtype=torch.float64)
    first, second, score = [part for part in critic.modules() if isinstance(part, nn.Linear)]
    h = torch.relu(x @ first.weight.T + first.bias)
    h = torch.relu(h @ second.weight.T + second.bias)
    assert torch.allclose(critic(x).score, (h @ score.weight.T + score.bias)[:, 0])


def test_coordinates_stay_in_float32_and_images_need_not():
    def full(module):
        linears = [part for part in module.modules() if isinstance(part, nn.Linear)]
        return [isinstance(part, FullPrecisionLinear) for part in linears]

    assert full(MLPCritic(depth=2, width=4).build(POINTS)) == [True, False, True]
    assert full(MLPGenerator(depth=2, width=4).build(POINTS, 2)) == [True, False, True]
    assert full(MLPCritic(depth=2, width=4).build(SampleSpec((1, 8, 8)))) == [False, False, True]
    assert full(MLPGenerator(depth=2, width=4).build(SampleSpec((1, 8, 8)), 2)) == [False, False, False]


@pytest.mark.parametrize(("norm", "couples"), [("none", False), ("layer", False), ("batch", True)])
def test_only_batch_norm_couples_the_batch(norm, couples):
    assert couples_batch(MLPCritic(width=4, norm=norm).build(POINTS)) is couples
    assert couples_batch(MLPGenerator(width=4, norm=norm).build(POINTS, 2)) is couples
