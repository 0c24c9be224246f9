"""The filter [1, 3, 3, 1] against scipy's, its place in the grid, and its derivatives."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.signal import upfirdn

from steadygan.networks.layers.resampling import FilteredDownsample, FilteredUpsample

TAPS = np.array([1.0, 3.0, 3.0, 1.0]) / 8


def along_both(x: np.ndarray, filtered) -> np.ndarray:
    """A filter of sequences, applied to rows and to columns."""
    return np.apply_along_axis(filtered, 3, np.apply_along_axis(filtered, 2, x))


@pytest.mark.parametrize("size", [4, 7, 16])
def test_doubling_is_scipys_filter_of_pixels_with_zeros_between(size: int) -> None:
    x = np.random.default_rng(0).normal(size=(2, 3, size, size))
    expected = along_both(x, lambda line: upfirdn(2 * TAPS, line, up=2)[1:-1])
    ours = FilteredUpsample()(torch.from_numpy(x))
    assert ours.shape == (2, 3, 2 * size, 2 * size)
    np.testing.assert_allclose(ours.numpy(), expected, atol=1e-12)


@pytest.mark.parametrize("size", [4, 14, 16])
def test_halving_is_each_second_pixel_of_scipys_filter(size: int) -> None:
    x = np.random.default_rng(1).normal(size=(2, 3, size, size))
    expected = along_both(x, lambda line: upfirdn(TAPS, line, down=2)[1 : size // 2 + 1])
    ours = FilteredDownsample()(torch.from_numpy(x))
    assert ours.shape == (2, 3, size // 2, size // 2)
    np.testing.assert_allclose(ours.numpy(), expected, atol=1e-12)


def test_away_from_the_border_doubling_is_bilinear_interpolation() -> None:
    x = torch.randn(1, 2, 6, 6, dtype=torch.float64)
    bilinear = torch.nn.functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
    torch.testing.assert_close(FilteredUpsample()(x)[..., 1:-1, 1:-1], bilinear[..., 1:-1, 1:-1])


@pytest.mark.parametrize("resample", [FilteredUpsample(), FilteredDownsample()])
def test_a_constant_stays_one_and_a_ramp_stays_in_place(resample) -> None:
    size = 16
    ramp = torch.arange(size, dtype=torch.float64).expand(1, 1, size, size)
    made = resample(ramp)[0, 0, size // 4]
    factor = size / len(made)
    centres = factor * (torch.arange(len(made), dtype=torch.float64) + 0.5) - 0.5
    torch.testing.assert_close(made[1:-1], centres[1:-1])
    torch.testing.assert_close(resample(torch.ones_like(ramp))[..., 1:-1, 1:-1].unique(), torch.ones(1).double())


@pytest.mark.parametrize("resample", [FilteredUpsample(), FilteredDownsample()])
def test_first_and_second_derivatives_are_right(resample) -> None:
    x = torch.randn(2, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(resample, x)
    assert torch.autograd.gradgradcheck(lambda y: resample(y).square(), x)


@pytest.mark.parametrize("resample", [FilteredUpsample(), FilteredDownsample()])
def test_under_bf16_it_is_computed_in_float32_and_keeps_type_and_layout(resample) -> None:
    x = torch.randn(2, 4, 8, 8).bfloat16().contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16, cache_enabled=False):
        y = resample(x)
    assert y.dtype == torch.bfloat16 and y.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(y, resample(x.float()).bfloat16())
