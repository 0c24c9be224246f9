"""Equalised layers against plain ones with the scaled weights; pixel norm and the sphere against sums by hand."""

from __future__ import annotations

import copy
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.autograd import gradcheck, gradgradcheck

from steadygan.networks.layers.convolutions import ConvMeanPool, SameConv, SameConvTranspose
from steadygan.networks.layers.equalized import Hypersphere, PixelNorm, equalized

LAYERS = [
    (lambda: nn.Linear(50, 7), (50,), 50.0),
    (lambda: SameConv(6, 8, 3), (6, 4, 4), 6 * 9.0),
    (lambda: ConvMeanPool(6, 8, 3), (6, 4, 4), 6 * 9.0),
    (lambda: SameConvTranspose(6, 8, 5), (6, 4, 4), 6 * 25 / 4),
    (lambda: nn.ConvTranspose2d(6, 8, 4), (6, 1, 1), 6 * 16.0),
]


@pytest.mark.parametrize(("make", "shape", "fan_in"), LAYERS)
@pytest.mark.parametrize("multiplier", [1.0, 0.01])
def test_an_equalised_layer_is_a_plain_one_with_scaled_weights(make, shape, fan_in, multiplier):
    layer, plain = equalized(make(), gain=1.5, multiplier=multiplier).double(), make().double()
    stored = layer.parametrizations.weight.original
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.1)
        plain.weight.copy_(stored * (1.5 * multiplier / math.sqrt(fan_in)))
        plain.bias.copy_(layer.bias)
    x = torch.randn(3, *shape, dtype=torch.float64)
    assert torch.allclose(layer(x), plain(x), atol=1e-12)


@pytest.mark.parametrize("multiplier", [1.0, 0.01])
def test_stored_weights_are_standard_normal_over_the_multiplier_and_those_in_use_follow_gain_and_fan(multiplier):
    layer = equalized(nn.Linear(400, 300), multiplier=multiplier)
    assert layer.parametrizations.weight.original.std().item() == pytest.approx(1.0 / multiplier, rel=0.02)
    assert layer.weight.std().item() == pytest.approx(math.sqrt(2.0 / 400), rel=0.02)
    assert torch.count_nonzero(layer.bias) == 0


def test_a_step_on_the_stored_tensors_moves_the_ones_in_use_by_the_multiplier():
    def moved(multiplier):
        layer = equalized(nn.Linear(4, 3), gain=1.0, multiplier=multiplier).double()
        weight, bias = layer.weight.detach().clone(), layer.bias.detach().clone()
        with torch.no_grad():
            for stored in layer.parameters():
                stored.add_(1.0)
        return (layer.weight - weight).mean().item(), (layer.bias - bias).mean().item()

    assert moved(1.0) == pytest.approx((0.5, 1.0))
    assert moved(0.01) == pytest.approx((0.005, 0.01))


def test_the_variance_is_kept_through_a_linear_and_through_a_relu_layer():
    x = torch.randn(500, 400)
    assert equalized(nn.Linear(400, 400), gain=1.0)(x).var().item() == pytest.approx(1.0, rel=0.05)
    deep = nn.Sequential(*(part for _ in range(4) for part in (equalized(nn.Linear(400, 400)), nn.ReLU())))
    assert deep(x).square().mean().item() == pytest.approx(1.0, rel=0.3)


def test_the_inputs_behind_an_output_can_be_told():
    layer = equalized(nn.ConvTranspose2d(64, 64, 4), gain=1.0, fan_in=64)
    assert layer(torch.randn(50, 64, 1, 1)).var().item() == pytest.approx(1.0, rel=0.1)


def test_an_equalised_layer_survives_copying_and_loading():
    layer = equalized(nn.Linear(4, 3), multiplier=0.1)
    other = equalized(nn.Linear(4, 3), multiplier=0.1)
    other.load_state_dict(layer.state_dict())
    for twin in (copy.deepcopy(layer), other):
        assert torch.equal(twin.weight, layer.weight)
        assert torch.equal(twin.bias, layer.bias)


def test_equalised_layers_have_two_derivatives():
    layer = equalized(nn.Conv2d(2, 3, 3)).double()
    x = torch.randn(2, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    weight = layer.parametrizations.weight.original

    def energy(x, weight):
        return torch.func.functional_call(layer, {"parametrizations.weight.original": weight}, (x,)).tanh()

    assert gradgradcheck(energy, (x, weight))


def test_what_cannot_be_equalised_is_refused_in_one_line():
    with pytest.raises(ValueError, match="multiplier is 0; allowed: finite numbers above 0"):
        equalized(nn.Linear(2, 2), multiplier=0)
    with pytest.raises(ValueError, match="parametrised already"):
        equalized(equalized(nn.Linear(2, 2)))


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 2, 4)])
def test_pixel_norm_divides_each_pixel_by_its_root_mean_square(shape):
    x = torch.randn(shape, dtype=torch.float64)
    expected = x / torch.sqrt((x * x).sum(1, keepdim=True) / 5 + 1e-8)
    assert torch.allclose(PixelNorm()(x), expected, atol=1e-14)
    assert torch.equal(PixelNorm()(torch.zeros(shape)), torch.zeros(shape))


def test_pixel_norm_has_two_derivatives():
    x = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    assert gradcheck(PixelNorm(), x)
    assert gradgradcheck(PixelNorm(), x)


def test_pixel_norm_takes_its_statistics_in_float32_under_autocast():
    x = torch.randn(2, 512, 4, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        y = PixelNorm()(x)
    assert y.dtype == torch.bfloat16
    assert torch.equal(y, PixelNorm()(x.float()).bfloat16())


def test_latents_on_the_hypersphere_keep_their_direction_and_have_norm_root_of_their_size():
    latents = torch.randn(6, 512, dtype=torch.float64)
    y = Hypersphere()(latents)
    assert torch.allclose(y.norm(dim=1), torch.full((6,), math.sqrt(512), dtype=torch.float64))
    assert torch.allclose(F.cosine_similarity(y, latents), torch.ones(6, dtype=torch.float64))
    assert Hypersphere()(latents.bfloat16()).dtype == torch.float32
