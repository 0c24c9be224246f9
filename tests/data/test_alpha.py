"""The alpha channel: pictures composited on white, and white where nothing is seen."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.data.alpha import over_white, white_where_transparent


@pytest.mark.parametrize("channels", [2, 4])
def test_compositing_equals_float64_for_every_level_and_every_alpha(channels: int) -> None:
    levels, alpha = np.meshgrid(np.arange(256), np.arange(256))
    images = np.stack([*[levels] * (channels - 1), alpha])[None].astype(np.uint8)
    share = alpha.astype(np.float64) / 255
    expected = np.rint(levels * share + 255 * (1 - share))
    assert (over_white(images) == expected).all()
    assert over_white(images).shape == (1, channels - 1, 256, 256)


@pytest.mark.parametrize("channels", [1, 3])
def test_opaque_pictures_stay_as_they_are(channels: int) -> None:
    images = np.random.default_rng(0).integers(0, 256, (3, channels, 4, 4), dtype=np.uint8)
    assert over_white(images) is images
    assert white_where_transparent(images[0]) is not None and (white_where_transparent(images[0]) == images[0]).all()


def test_only_fully_transparent_pixels_become_white() -> None:
    picture = np.random.default_rng(0).integers(0, 200, (4, 5, 6), dtype=np.uint8)
    picture[3, :2], picture[3, 2:] = 0, 1
    made = white_where_transparent(picture)
    assert (made[:3, :2] == 255).all() and (made[3] == picture[3]).all()
    assert (made[:, 2:] == picture[:, 2:]).all()
    assert (over_white(made[None]) == over_white(picture[None])).all()
