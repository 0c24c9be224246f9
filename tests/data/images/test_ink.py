"""Ink on paper is told from drawings in colour by its black and white pixels."""

from __future__ import annotations

import numpy as np
import pytest

from steadygan.data import DataOptions, open_data
from steadygan.data.images.ink import INK, ink_share


def test_pixels_count_if_all_their_colours_are_near_black_or_near_white():
    image = np.zeros((1, 3, 2, 3), np.uint8)
    image[0, :, 0, 0], image[0, :, 0, 1], image[0, :, 0, 2] = 31, 32, (0, 0, 255)
    image[0, :, 1, 0], image[0, :, 1, 1], image[0, :, 1, 2] = 224, 223, (255, 240, 230)
    assert ink_share(image) == pytest.approx(3 / 6)


def test_all_parts_of_a_large_set_are_looked_at():
    images = np.full((5_000, 1, 4, 4), 128, np.uint8)
    images[2_500:] = 255
    assert ink_share(images) == pytest.approx(0.5, abs=0.01)
    assert ink_share(images[:0]) == 0.0


def test_letters_are_ink_and_pictures_of_noise_are_not():
    letters = np.asarray(open_data(DataOptions(source="digits", size=32)).train.some()[0])
    noise = np.random.default_rng(0).integers(0, 256, (50, 3, 16, 16), dtype=np.uint8)
    assert ink_share(np.where(letters > 128, 255, 0).astype(np.uint8)) == 1.0 > INK
    assert ink_share(noise) < 0.1
