"""Modulated convolutions and filtered resampling: their exact forms against each other, and variances."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from steadygan.networks.layers.filtered import doubling_conv, fir, halving_conv
from steadygan.networks.layers.modulated import demodulation, modulated_conv
from steadygan.networks.layers.resampling import FilteredUpsample


def numbers(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("doubles", [False, True])
@pytest.mark.parametrize("demodulate", [False, True])
def test_scaled_maps_and_weights_of_each_sample_are_the_same_convolution(doubles, demodulate):
    x, weight, styles = numbers(3, 5, 6, 4), numbers(7, 5, 3, 3, seed=1), numbers(3, 5, seed=2)
    options = {"doubles": doubles, "demodulate": demodulate}
    one, other = (modulated_conv(x, weight, styles, grouped=grouped, **options) for grouped in (False, True))
    assert one.shape == (3, 7, 12, 8) if doubles else (3, 7, 6, 4)
    torch.testing.assert_close(one, other, rtol=0, atol=1e-12)


def test_demodulated_outputs_of_unit_variance_inputs_have_unit_variance_whatever_the_scale_of_styles():
    x, weight, styles = numbers(64, 32, 10, 10), numbers(48, 32, 3, 3, seed=1), 1 + 0.5 * numbers(64, 32, seed=2)
    made = modulated_conv(x, weight, styles)
    assert made[:, :, 1:-1, 1:-1].var().item() == pytest.approx(1.0, abs=0.01)
    torch.testing.assert_close(modulated_conv(x, weight, 7.0 * styles), made, rtol=1e-7, atol=1e-7)


def test_demodulation_is_the_inverse_norm_of_each_outputs_modulated_weights():
    weight, styles = numbers(4, 3, 3, 3), numbers(2, 3, seed=1)
    norms = (weight[None] * styles[:, None, :, None, None]).square().sum((2, 3, 4))
    torch.testing.assert_close(demodulation(weight, styles), (norms + 1e-8).rsqrt())


@pytest.mark.parametrize("conv", [doubling_conv, halving_conv])
def test_the_fused_6x6_kernel_is_convolution_and_filter(conv):
    x, weight = numbers(2, 3, 8, 6), numbers(5, 3, 3, 3, seed=1)
    torch.testing.assert_close(conv(x, weight), conv(x, weight, fused=True), rtol=0, atol=1e-13)


def test_the_doubling_convolution_is_zeros_between_pixels_then_the_kernels_written_out():
    x, weight = numbers(1, 2, 5, 5), numbers(3, 2, 3, 3, seed=1)
    spread = torch.zeros(1, 2, 9, 9, dtype=x.dtype)
    spread[:, :, ::2, ::2] = x
    convolved = F.conv2d(F.pad(spread, (2, 2, 2, 2)), weight.flip(2, 3))  # a convolution, not a correlation
    kernel = fir(4.0, x).expand(3, 1, 4, 4)
    torch.testing.assert_close(doubling_conv(x, weight), F.conv2d(convolved, kernel, padding=1, groups=3))


def test_doubling_an_image_is_bilinear_inside_and_takes_zeros_beyond_the_border():
    image = numbers(2, 3, 5, 7)
    padded = F.interpolate(F.pad(image, (1, 1, 1, 1)), scale_factor=2.0, mode="bilinear")[:, :, 2:-2, 2:-2]
    torch.testing.assert_close(FilteredUpsample().double()(image), padded, rtol=0, atol=1e-14)


@pytest.mark.parametrize("grouped", [False, True])
def test_first_and_second_derivatives_are_right(grouped):
    inputs = tuple(
        t.requires_grad_() for t in (numbers(2, 2, 3, 3), numbers(2, 2, 3, 3, seed=1), numbers(2, 2, seed=2))
    )

    def made(*of: torch.Tensor) -> torch.Tensor:
        return modulated_conv(*of, doubles=True, grouped=grouped)

    assert torch.autograd.gradcheck(made, inputs) and torch.autograd.gradgradcheck(made, inputs)
