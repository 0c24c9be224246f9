"""Laplacian pyramids against scipy's convolution and their own inverse; sliced distances against scipy on each line."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import convolve, gaussian_filter
from scipy.stats import wasserstein_distance

from steadygan.data.sources.digits import load_digits
from steadygan.errors import UsageError
from steadygan.metrics import pyramids
from steadygan.metrics.pyramids import (
    collapse,
    double,
    halve,
    laplacian_pyramid,
    level_sizes,
    sliced_wasserstein,
)

KERNEL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
SIZES = [(8, 8), (28, 28), (32, 32), (31, 45), (7, 9), (2, 3), (1, 5)]


def random_images(count: int, channels: int = 3, size: tuple[int, int] = (32, 32), seed: int = 0) -> np.ndarray:
    """Noise that is smooth to some degree, so that no level is empty."""
    noise = np.random.default_rng(seed).standard_normal((count, channels, *size))
    smooth = gaussian_filter(noise, (0, 0, 1, 1)) * 150 + noise * 10 + 128
    return np.clip(np.rint(smooth), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("size", SIZES)
def test_halving_is_scipys_mirrored_convolution_at_every_second_place(size: tuple[int, int]) -> None:
    images = random_images(2, size=size).astype(np.float64)
    blurred = convolve(images, KERNEL[None, None], mode="mirror")
    np.testing.assert_allclose(halve(images), blurred[:, :, ::2, ::2], rtol=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_doubling_is_scipys_mirrored_convolution_of_spread_pixels(size: tuple[int, int]) -> None:
    small = random_images(2, size=((size[0] + 1) // 2, (size[1] + 1) // 2)).astype(np.float64)
    spread = np.zeros((2, 3, *size))
    spread[:, :, ::2, ::2] = small
    expected = convolve(spread, 4 * KERNEL[None, None], mode="mirror")
    np.testing.assert_allclose(double(small, *size), expected, rtol=1e-12)


@pytest.mark.parametrize("size", SIZES)
def test_the_levels_add_up_to_the_images(size: tuple[int, int]) -> None:
    images = random_images(3, size=size).astype(np.float64)
    levels = laplacian_pyramid(images, smallest=2)
    assert [level.shape[2:] for level in levels] == level_sizes(*size, smallest=2)
    np.testing.assert_allclose(collapse(levels), images, rtol=1e-12)


@pytest.mark.parametrize("size", [(32, 32), (28, 28), (31, 45)])
def test_a_constant_image_has_nothing_in_any_level_but_the_last(size: tuple[int, int]) -> None:
    levels = laplacian_pyramid(np.full((1, 1, *size), 77.0))
    assert len(levels) > 1
    for level in levels[:-1]:
        np.testing.assert_allclose(level, 0, atol=1e-12)
    np.testing.assert_allclose(levels[-1], 77, rtol=1e-12)


def test_levels_end_near_sixteen_pixels() -> None:
    def sides(size: int) -> list[int]:
        return [height for height, _ in level_sizes(size, size)]

    assert {size: sides(size) for size in (8, 28, 32, 45, 64, 256)} == {
        8: [8],
        28: [28, 14],
        32: [32, 16],
        45: [45, 23, 12],
        64: [64, 32, 16],
        256: [256, 128, 64, 32, 16],
    }
    assert level_sizes(64, 20) == [(64, 20)]


def test_precision_of_the_images_is_kept() -> None:
    images = random_images(1)
    assert {level.dtype for level in laplacian_pyramid(images.astype(np.float32))} == {np.dtype(np.float32)}


def test_the_same_images_are_at_zero() -> None:
    images = random_images(40)
    assert sliced_wasserstein(images, images) == ({"32": 0.0, "16": 0.0}, 0.0)


def test_it_is_the_mean_over_directions_of_the_distance_on_a_line() -> None:
    # images of one patch: whatever the places, the descriptors are the images
    real, fake = random_images(25, 2, (7, 7)), random_images(25, 2, (7, 7), seed=1) // 2 + 60
    fake[:, 1] = fake[:, 0]
    sets = []
    for images in (real, fake):
        values = images.astype(np.float64)
        values -= values.mean(axis=(0, 2, 3), keepdims=True)
        values /= values.std(axis=(0, 2, 3), keepdims=True)
        sets.append(values.reshape(25, -1))
    rng = np.random.default_rng(5)
    distances = []
    for _ in range(1500):
        direction = rng.standard_normal(98)
        direction /= np.linalg.norm(direction)
        distances.append(wasserstein_distance(sets[0] @ direction, sets[1] @ direction))
    found = sliced_wasserstein(real, fake, directions=1500, repeats=1, patches=3)
    error = 1e3 * np.std(distances) / np.sqrt(1500)
    assert found.levels == {"7": found.mean}
    assert found.mean == pytest.approx(1e3 * np.mean(distances), abs=6 * error)
    assert error < 0.02 * found.mean


def test_brightness_and_contrast_of_all_images_alike_are_not_seen() -> None:
    images = random_images(30, size=(16, 16)) // 4
    found = sliced_wasserstein(images, images * 2 + 40)
    assert found.mean < 1e-3


def test_a_level_without_any_detail_is_no_error() -> None:
    flat = np.full((20, 1, 32, 32), 9, dtype=np.uint8)
    assert sliced_wasserstein(flat, flat).mean == 0
    found = sliced_wasserstein(random_images(20, 1), flat)
    assert all(np.isfinite(value) and value > 100 for value in found.levels.values())


def test_defects_stand_out_at_the_level_of_their_size_and_grow() -> None:
    def distances(images: np.ndarray) -> dict[str, float]:
        return sliced_wasserstein(real, images, repeats=1).levels

    real, fake = random_images(300, 1), random_images(300, 1, seed=1)
    floor = distances(fake)
    rng = np.random.default_rng(2)
    noisy = [distances(np.clip(fake + rng.normal(0, level, fake.shape), 0, 255).astype(np.uint8)) for level in (20, 60)]
    assert 2 * floor["32"] < noisy[0]["32"] < noisy[1]["32"] / 2
    assert noisy[0]["32"] - floor["32"] > 2 * (noisy[0]["16"] - floor["16"])
    few = distances(fake[np.arange(300) % 3])
    assert few["16"] > 3 * floor["16"]


def test_sizes_are_the_names_of_the_levels() -> None:
    images = random_images(4, 1, (28, 40))
    assert list(sliced_wasserstein(images, images).levels) == ["28x40", "14x20"]
    digits = load_digits()[0][:20]
    assert list(sliced_wasserstein(digits, digits).levels) == ["8"]


def test_a_seed_gives_the_same_digits_again() -> None:
    real, fake = random_images(30), random_images(50, seed=1)
    assert sliced_wasserstein(real, fake, seed=4) == sliced_wasserstein(real, fake, seed=4)
    assert sliced_wasserstein(real, fake, seed=4) != sliced_wasserstein(real, fake, seed=5)


def test_blocks_do_not_change_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    real, fake = random_images(30), random_images(30, seed=1)
    whole = sliced_wasserstein(real, fake)
    monkeypatch.setattr(pyramids, "_BLOCK_NUMBERS", 7 * 3 * 32 * 32)
    assert sliced_wasserstein(real, fake) == whole


def test_descriptors_are_bounded_by_fewer_patches_and_then_by_fewer_images(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    original = pyramids._mean_distance

    def spy(real: np.ndarray, fake: np.ndarray, directions: int, rng: np.random.Generator) -> float:
        seen.append((len(real), len(fake)))
        return original(real, fake, directions, rng)

    monkeypatch.setattr(pyramids, "_mean_distance", spy)
    real, fake = random_images(20, 1, (8, 8)), random_images(30, 1, (8, 8), seed=1)
    for most in (10_000, 200, 5):
        sliced_wasserstein(real, fake, repeats=1, descriptors=most)
    assert seen == [(2560, 2560), (200, 200), (5, 5)]


@pytest.mark.parametrize(
    ("real", "fake", "words"),
    [
        (np.zeros((1, 1, 8, 8), np.uint8), np.zeros((2, 1, 8, 8), np.uint8), "real images: got 1"),
        (np.zeros((2, 1, 8, 8), np.uint8), np.zeros((2, 3, 8, 8), np.uint8), "[3, 8, 8], real ones [1, 8, 8]"),
        (np.zeros((2, 1, 6, 8), np.uint8), np.zeros((2, 1, 6, 8), np.uint8), "6x8"),
        (np.zeros((2, 1, 8, 8), np.uint8), np.zeros((2, 1, 8, 8)), "float64"),
        (np.zeros((2, 5, 8, 8), np.uint8), np.zeros((2, 5, 8, 8), np.uint8), "1 to 4 channels"),
        (np.zeros((2, 8, 8), np.uint8), np.zeros((2, 8, 8), np.uint8), "[2, 8, 8]"),
    ],
)
def test_bad_input_is_one_clear_line(real: np.ndarray, fake: np.ndarray, words: str) -> None:
    with pytest.raises(UsageError) as error:
        sliced_wasserstein(real, fake)
    assert words in str(error.value) and "\n" not in str(error.value)
