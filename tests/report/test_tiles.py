"""A small grid of samples for a box of pixels."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from steadygan.report.tiles import Box, on_white, tiled


def samples(count: int, channels: int, height: int, width: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 256, (count, channels, height, width), np.uint8)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("size", [(8, 8), (32, 32), (28, 90), (90, 28), (1, 300), (300, 1), (256, 256), (1, 1)])
@pytest.mark.parametrize("box", [Box(8, 19, 1, 12), Box(32, 79, 1, 12), Box(40, 199, 1, 12), Box(320, 900)])
@pytest.mark.parametrize("count", [1, 3, 64])
def test_a_grid_fits_its_box(channels: int, size: tuple[int, int], box: Box, count: int) -> None:
    grid = tiled(samples(count, channels, *size), box)
    assert grid.dtype == np.uint8
    assert grid.ndim == 3
    assert grid.shape[2] == 3
    assert 1 <= grid.shape[0] <= box.height
    assert 1 <= grid.shape[1] <= box.width


def test_tiles_are_the_samples_enlarged_by_a_whole_factor() -> None:
    given = samples(64, 3, 8, 12)
    grid = tiled(given, Box(36, 100, 1, 12))  # two rows of 8 px, or four: 16 tiles are enough
    tile = given.transpose(0, 2, 3, 1)
    scale = (36 + 1) // 2 // 8
    large = tile.repeat(scale, 1).repeat(scale, 2)
    columns = (100 + 1) // (12 * scale + 1)
    chosen = np.linspace(0, 63, 2 * columns).round().astype(int)
    for place, index in enumerate(chosen):
        top, left = place // columns * (8 * scale + 1), place % columns * (12 * scale + 1)
        assert (grid[top : top + 8 * scale, left : left + 12 * scale] == large[index]).all()


def test_all_classes_of_ordered_samples_are_among_the_tiles() -> None:
    ordered = np.repeat(np.arange(10, dtype=np.uint8) * 20 + 5, 6)[:, None, None, None] * np.ones((8, 8), np.uint8)
    grid = tiled(ordered, Box(32, 79, 1, 12))
    assert set(np.unique(grid)) == {*(np.arange(10) * 20 + 5), 128}


def test_a_large_sample_is_shrunk_to_the_means_of_its_pixels() -> None:
    given = samples(1, 1, 60, 60)
    grid = tiled(given, Box(20, 100, 1, 12))
    means = given[0, 0].reshape(20, 3, 20, 3).mean((1, 3))
    assert np.abs(grid[..., 0] - means).max() <= 1.01  # rounded in each direction


def test_transparent_samples_are_on_white() -> None:
    given = samples(1, 4, 5, 7)[0]
    share = given[3] / 255
    expected = given[:3] * share + 255 * (1 - share)
    assert np.abs(on_white(given).transpose(2, 0, 1) - expected).max() <= 0.51
    assert (on_white(given[[0, 3]])[..., 0] == on_white(given)[..., 0]).all()
