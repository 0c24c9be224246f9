"""What samples on folders of pictures are measured by: the grid that networks leave in them."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.folders.trial import grid


@pytest.mark.parametrize("shape", [(64, 64), (32, 48)])
@pytest.mark.parametrize("period", [4, 8])
@pytest.mark.parametrize("along", ["rows", "columns", "both"])
def test_a_grid_in_noise_is_its_power_over_that_of_the_noise(shape, period, along):
    """Of N pixels, noise of variance v has a power of N v at each frequency; a wave of amplitude a adds N^2 a^2 / 4."""
    rng, (rows, columns) = np.random.default_rng(0), shape
    noise = rng.normal(128.0, 10.0, (1_000, 1, rows, columns))
    assert grid(noise) == pytest.approx(1.0, abs=0.2)
    y, x = np.mgrid[:rows, :columns]
    phase = {"rows": y, "columns": x, "both": x + y}[along]
    wave = np.cos(2 * np.pi * phase / period)
    assert grid(noise + 2.0 * wave) == pytest.approx(1 + rows * columns * 2.0**2 / 4 / 10.0**2, rel=0.2)
