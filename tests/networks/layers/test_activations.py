"""Activations against torch and closed forms, with first and second derivatives, in float64."""

from __future__ import annotations

import math

import pytest
import torch
from torch.autograd import gradcheck, gradgradcheck
from torch.nn import functional as F

from steadygan.networks.layers import activations

NAMES = [name for name in activations.NAMES if name != "gated"]


def points() -> torch.Tensor:
    """Away from 0, where ReLU has no derivative."""
    x = torch.randn(4, 6, 3, 3, dtype=torch.float64)
    return x + 0.1 * x.sign()


def derivatives(function, x):
    """Values, the gradient of a curved function of them, and the gradient of that gradient's squared norm."""
    x = x.clone().requires_grad_(True)
    y = function(x)
    (first,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
    (second,) = torch.autograd.grad(first.square().sum(), x)
    return y.detach(), first.detach(), second


@pytest.mark.parametrize(("leak", "reference"), [(0.0, F.relu), (0.2, lambda x: F.leaky_relu(x, 0.2))])
def test_the_piecewise_linear_form_has_the_values_and_both_derivatives_of_torchs(leak, reference):
    x = points()
    for ours, theirs in zip(derivatives(activations.PiecewiseLinear(leak), x), derivatives(reference, x), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(("leak", "slope"), [(0.0, 0.0), (0.2, 0.2)])
def test_the_slope_at_exactly_zero_is_the_one_below_it(leak, slope):
    x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    activations.PiecewiseLinear(leak)(x).sum().backward()
    assert x.grad.tolist() == [slope] * 3


def test_without_gradients_the_values_are_the_same():
    x = points()
    for leak in (0.0, 0.2):
        layer = activations.PiecewiseLinear(leak)
        with torch.no_grad():
            quick = layer(x)
        assert torch.equal(quick, layer(x.requires_grad_(True)).detach())
        x = x.detach()


def test_no_graph_leads_through_the_slope():
    x = points().requires_grad_(True)
    (gradient,) = torch.autograd.grad(activations.PiecewiseLinear(0.2)(x).sum(), x, create_graph=True)
    assert not gradient.requires_grad


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("critic", [True, False])
def test_every_activation_passes_numeric_checks_of_both_derivatives(name, critic):
    x = points()[:1, :2, :2, :2].contiguous().requires_grad_(True)
    layer = activations.make(name, critic=critic)
    assert gradcheck(layer, x)
    assert gradgradcheck(layer, x)


def test_the_gate_passes_numeric_checks_of_both_derivatives():
    x = points()[:1, :4, :2, :2].contiguous().requires_grad_(True)
    assert gradcheck(activations.Gate(), x)
    assert gradgradcheck(activations.Gate(), x)


def test_smooth_elu_is_its_closed_form_and_has_its_limits():
    x = torch.linspace(-8, 8, 101, dtype=torch.float64)
    y = activations.SmoothELU()(x)
    assert torch.allclose(y, torch.log1p(torch.exp(2 * x + 2)) / 2 - 1, atol=1e-12)
    assert activations.SmoothELU()(torch.zeros(1)).item() == pytest.approx(math.log1p(math.exp(2.0)) / 2 - 1, rel=1e-6)
    assert y[0].item() == pytest.approx(-1.0, abs=1e-6)
    assert activations.SmoothELU()(torch.tensor(-50.0)).item() == -1.0


def test_the_gate_is_sigmoid_of_even_times_tanh_of_odd_maps():
    x = torch.randn(2, 6, 3, 3, dtype=torch.float64)
    y = activations.Gate()(x)
    assert y.shape == (2, 3, 3, 3)
    for i in range(3):
        assert torch.allclose(y[:, i], 1 / (1 + torch.exp(-x[:, 2 * i])) * torch.tanh(x[:, 2 * i + 1]))


@pytest.mark.parametrize("name", activations.NAMES)
def test_as_many_maps_come_out_as_were_wanted(name):
    made = activations.maps(name, 5)
    assert activations.make(name, critic=True)(torch.randn(2, made, 4, 4)).shape == (2, 5, 4, 4)


@pytest.mark.parametrize("name", activations.NAMES)
def test_channels_last_maps_stay_channels_last(name):
    x = torch.randn(2, 8, 4, 4).to(memory_format=torch.channels_last).requires_grad_(True)
    assert activations.make(name, critic=True)(x).is_contiguous(memory_format=torch.channels_last)


def test_leaky_relus_leak_by_a_fifth():
    for critic in (True, False):
        y = activations.make("leaky_relu", critic=critic)(torch.tensor([-1.0, 2.0]))
        assert y.tolist() == pytest.approx([-0.2, 2.0])


def test_an_unknown_name_is_refused():
    with pytest.raises(ValueError, match="unknown activation 'swish'"):
        activations.make("swish", critic=True)
