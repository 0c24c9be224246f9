"""Self-modulated batch norm against its formula in float64, and the order in which codes reach modules."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from steadygan.errors import UsageError
from steadygan.networks.layers.inspect import couples_batch
from steadygan.networks.layers.self_modulation import ModulatedSequential, SelfModulatedBatchNorm


def test_it_is_batch_norm_with_the_scales_and_offsets_of_each_code():
    torch.manual_seed(0)
    layer = SelfModulatedBatchNorm(3, 5).double()
    x, code = torch.randn(4, 3, 6, 6, dtype=torch.float64), torch.randn(4, 5, dtype=torch.float64)
    flat = x.transpose(0, 1).reshape(3, -1)
    mean, variance = flat.mean(1), flat.var(1, unbiased=False)
    scale, offset = (code @ layer.modulation.weight.T + layer.modulation.bias).split(3, dim=1)
    for sample, channel in ((0, 0), (3, 2), (1, 1)):
        normalized = (x[sample, channel] - mean[channel]) / (variance[channel] + 1e-5).sqrt()
        expected = (1 + scale[sample, channel]) * normalized + offset[sample, channel]
        assert torch.allclose(layer(x, code)[sample, channel], expected)
    layer = SelfModulatedBatchNorm(3, 5).double().eval()  # running statistics: 0 and 1
    scale, offset = layer.modulation(code).split(3, dim=1)
    expected = (1 + scale)[:, :, None, None] * x / (1 + 1e-5) ** 0.5 + offset[:, :, None, None]
    assert torch.allclose(layer(x, code), expected)


def test_scales_begin_near_one_whatever_the_size_of_the_code():
    torch.manual_seed(0)
    for size in (8, 512):
        layer = SelfModulatedBatchNorm(64, size)
        both = layer.modulation(torch.randn(1_000, size))
        assert both.mean().item() == pytest.approx(0.0, abs=0.02)
        assert both.square().mean().sqrt().item() == pytest.approx(0.3, rel=0.1)


def test_statistics_over_all_processes_are_those_of_the_whole_batch():
    torch.manual_seed(0)
    layer = SelfModulatedBatchNorm(3, 5).double()
    x, code = torch.randn(8, 3, 4, 4, dtype=torch.float64), torch.randn(8, 5, dtype=torch.float64)
    whole = layer(x, code)
    other, asked = x[4:], []

    def sum_with_the_other(sums: torch.Tensor) -> torch.Tensor:
        asked.append(sums)
        if len(asked) == 1:
            return sums + torch.cat([other.sum((0, 2, 3)), sums.new_full((1,), other.numel() / 3)])
        mean = x.mean((0, 2, 3))
        return sums + (other - mean[:, None, None]).square().sum((0, 2, 3))

    layer.sum_over_processes = sum_with_the_other
    assert torch.allclose(layer(x[:4], code[:4]), whole[:4]) and len(asked) == 2
    assert couples_batch(layer)


def test_a_code_that_is_missing_is_one_line():
    with pytest.raises(UsageError, match="SelfModulatedBatchNorm needs the code of each sample"):
        SelfModulatedBatchNorm(3, 5)(torch.randn(2, 3, 4, 4))


def test_the_latents_reach_modules_that_take_codes_and_no_others():
    class Taking(nn.Module):
        takes_code = True

        def forward(self, x: torch.Tensor, code: torch.Tensor) -> torch.Tensor:
            return x + code.sum(1, keepdim=True)

    latents = torch.tensor([[1.0, 2.0]])
    made = ModulatedSequential(nn.Flatten(), Taking(), nn.ReLU(), Taking())(latents, None)
    assert made.tolist() == [[7.0, 8.0]]
