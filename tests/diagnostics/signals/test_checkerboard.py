"""Checkerboard artifacts: waves in noise by closed form, layers that leave patterns, and data that has lines itself."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.special import exp1
from torch import nn

from steadygan.diagnostics.signals import checkerboard
from steadygan.diagnostics.signals.checkerboard import lines
from steadygan.errors import UsageError
from steadygan.types import Scales


def noise(count: int, *shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, *shape))


@pytest.mark.parametrize("period", [2, 4, 8])
@pytest.mark.parametrize("along", ["rows", "columns", "both"])
@pytest.mark.parametrize("shape", [(32, 32), (24, 48)])
def test_a_wave_in_noise_has_the_power_of_its_closed_form(period: int, along: str, shape: tuple[int, int]) -> None:
    """The power at a frequency is |a + z|^2 for the wave's a and normal z with E|z|^2 = 1 here.

    Complex z: E log = log |a|^2 + E1(|a|^2), and minus Euler's constant without a wave. At a period of 2 a wave of
    columns alone has the real frequency of rows 0, z is real, and its mean is found by sampling.
    """
    x, (rows, columns) = noise(2_000, 1, *shape), shape
    y, z = np.mgrid[:rows, :columns]
    phase = {"rows": y, "columns": z, "both": y + z}[along] * (2 * np.pi / period)
    amplitude = np.sqrt(2.0 / (rows * columns))  # of a cosine: half of it is at the frequency, all of it at period 2
    found = checkerboard(x + 2.0 * amplitude * np.cos(phase), noise(2_000, 1, *shape, seed=1), limit=2_000)
    assert (found.period, found.along) == (period, along)
    if period == 2:
        real = np.random.default_rng(2).normal(size=400_000)
        expected = np.exp(
            np.log((real + 2.0 * np.sqrt(2.0)) ** 2).mean() + np.euler_gamma
        )  # around it noise is complex
        # real images have the same dip at the real frequency, which does not count in their favour
    else:
        expected = 2.0 * np.exp(exp1(2.0) + np.euler_gamma)
    assert found.power == pytest.approx(expected, rel=0.12)


def test_samples_of_the_data_have_a_power_of_about_1() -> None:
    smooth = np.cumsum(np.cumsum(noise(512, 3, 32, 32), 2), 3)
    assert checkerboard(smooth[:256], smooth[256:]).power < 1.4


def test_a_transposed_convolution_leaves_its_stride_and_nearest_neighbour_doubling_does_not() -> None:
    torch.manual_seed(0)
    x = torch.nn.functional.avg_pool2d(torch.randn(128, 8, 36, 36).relu(), 5, 1)  # smooth maps of 32 x 32
    real = torch.nn.functional.avg_pool2d(torch.randn(128, 1, 68, 68), 5, 1)
    with torch.no_grad():
        made = nn.ConvTranspose2d(8, 1, 5, 2, 2, output_padding=1)(x)
        doubled = nn.Conv2d(8, 1, 3, padding=1)(nn.functional.interpolate(x, scale_factor=2))
    found = checkerboard(made, real)
    assert found.period == 2 and found.power > 20
    assert checkerboard(doubled, real).power < 2


def test_lines_that_real_images_have_too_are_no_fault() -> None:
    y, x = np.mgrid[:32, :32]
    blocks = 0.5 * ((x % 8 == 0) | (y % 8 == 0))  # as of strong compression
    one, other = noise(256, 1, 32, 32) + blocks, noise(256, 1, 32, 32, seed=1) + blocks
    assert checkerboard(one, other).power < 1.5
    assert checkerboard(one, noise(256, 1, 32, 32, seed=1)).power > 2


def test_flat_images_have_no_lines() -> None:
    flat = np.ones((8, 3, 16, 16)) * np.arange(8.0)[:, None, None, None]
    assert checkerboard(flat, noise(8, 3, 16, 16)).power == pytest.approx(1.0)
    assert checkerboard(noise(64, 3, 16, 16), flat).power < 3


def test_grey_images_are_compared_with_those_of_colour() -> None:
    colour = noise(64, 3, 16, 16)
    assert checkerboard(colour.mean(1, keepdims=True), colour).power == pytest.approx(
        checkerboard(colour, colour).power
    )


def test_of_several_scales_the_finest_counts() -> None:
    fine = torch.randn(64, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    both = checkerboard(Scales((fine[..., ::2, ::2], fine)), Scales((fine[..., ::2, ::2], fine)))
    assert both == checkerboard(fine, fine)


def test_periods_divide_the_sides_and_fit_three_times() -> None:
    assert {line.period for line in lines(8, 8)} == {2}
    assert {line.period for line in lines(28, 28)} == {2, 4}
    assert {(line.period, line.along) for line in lines(24, 16)} >= {(8, "rows"), (4, "both")}
    assert (8, "columns") not in {(line.period, line.along) for line in lines(24, 16)}
    assert lines(5, 7) == ()


@pytest.mark.parametrize(
    ("fake", "real", "said"),
    [
        (noise(4, 2), noise(4, 2), r"generated samples are \[4, 2\]; lines are sought in images \[N, C, H, W\]"),
        (noise(4, 1, 5, 5), noise(4, 1, 5, 5), "even sides from 6 pixels"),
        (noise(4, 1, 8, 8), noise(4, 1, 16, 16), "one size"),
        (np.full((4, 1, 8, 8), np.nan), noise(4, 1, 8, 8), "generated samples"),
        (noise(1, 1, 8, 8), noise(4, 1, 8, 8), "at least 2"),
    ],
)
def test_what_has_no_lines_is_refused(fake: np.ndarray, real: np.ndarray, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        checkerboard(fake, real)
