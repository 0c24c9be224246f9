"""Norms against sums written out in float64."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from steadygan.networks.layers.normalization import InstanceNorm, PaperLayerNorm, norm_1d, norm_2d


def by_hand(x, layer, dims):
    n = x[0].numel() if len(dims) == 3 else x[0, 0].numel()
    mean = x.sum(dims, keepdim=True) / n
    variance = (x - mean).pow(2).sum(dims, keepdim=True) / n
    scale, offset = layer.weight[:, None, None], layer.bias[:, None, None]
    return (x - mean) / torch.sqrt(variance + 1e-5) * scale + offset


def perturbed(layer):
    with torch.no_grad():
        layer.weight.add_(torch.randn_like(layer.weight))
        layer.bias.add_(torch.randn_like(layer.bias))
    return layer


@pytest.mark.parametrize(("kind", "dims"), [(PaperLayerNorm, (1, 2, 3)), (InstanceNorm, (2, 3))])
def test_layer_and_instance_norm_equal_sums_by_hand_with_one_scale_and_offset_a_map(kind, dims):
    layer = perturbed(kind(5).double())
    x = 3 * torch.randn(4, 5, 6, 6, dtype=torch.float64) + 2
    assert torch.allclose(layer(x), by_hand(x, layer, dims), atol=1e-12)
    assert sum(p.numel() for p in layer.parameters()) == 10


def test_layer_norm_of_vectors_equals_sums_by_hand():
    (layer,) = norm_1d("layer", 7)
    layer = perturbed(layer.double())
    x = torch.randn(4, 7, dtype=torch.float64)
    centred = x - x.mean(1, keepdim=True)
    expected = centred / torch.sqrt(centred.square().mean(1, keepdim=True) + 1e-5) * layer.weight + layer.bias
    assert torch.allclose(layer(x), expected, atol=1e-12)


@pytest.mark.parametrize("kind", [PaperLayerNorm, InstanceNorm])
def test_first_and_second_derivatives_pass_numeric_checks(kind):
    layer = perturbed(kind(2).double())
    x = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert gradcheck(layer, x)
    assert gradgradcheck(layer, x, atol=1e-4)


@pytest.mark.parametrize(("kind", "dims"), [(PaperLayerNorm, (1, 2, 3)), (InstanceNorm, (2, 3))])
@pytest.mark.parametrize("samples", [1, 3])
def test_gradients_are_right_for_channels_last_maps_of_one_sample_too(kind, dims, samples):
    layer = perturbed(kind(4).double())
    x = torch.randn(samples, 4, 7, 7, dtype=torch.float64).to(memory_format=torch.channels_last).requires_grad_(True)
    weights = torch.randn(samples, 4, 7, 7, dtype=torch.float64).to(memory_format=torch.channels_last)
    (ours,) = torch.autograd.grad(layer(x), x, weights)
    (theirs,) = torch.autograd.grad(by_hand(x, layer, dims), x, weights)
    assert torch.allclose(ours, theirs, atol=1e-10)


@pytest.mark.parametrize("kind", [PaperLayerNorm, InstanceNorm])
def test_one_samples_result_does_not_depend_on_the_others(kind):
    layer, x = perturbed(kind(4)), torch.randn(3, 4, 5, 5)
    assert torch.allclose(layer(x)[1:2], layer(x[1:2]), atol=1e-6)


@pytest.mark.parametrize("kind", [PaperLayerNorm, InstanceNorm])
def test_statistics_are_in_float32_under_autocast_and_the_result_in_bfloat16(kind):
    layer = kind(3)
    # bfloat16 sums of such values lose their variance altogether
    x = (100 + torch.randn(2, 3, 32, 32)).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        y = layer(x)
    assert y.dtype == torch.bfloat16
    assert torch.equal(y, layer(x.float()).bfloat16())


def test_batch_norm_is_torchs_with_the_papers_epsilon_and_running_statistics():
    for (layer,) in (norm_1d("batch", 4), norm_2d("batch", 4)):
        assert isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d)
        assert layer.eps == 1e-5
        assert layer.track_running_stats
        assert torch.equal(layer.weight.detach(), torch.ones(4))


def test_no_norm_adds_no_layer():
    assert norm_1d("none", 4) == []
    assert norm_2d("none", 4) == []
