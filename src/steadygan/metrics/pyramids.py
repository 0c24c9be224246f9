"""Laplacian pyramids of images, and the sliced Wasserstein distance between their patches (ProGAN)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from steadygan.checks import whole_number
from steadygan.errors import UsageError
from steadygan.metrics.arrays import Images, blocks, image_rows

PATCH = 7
"""side of a descriptor in pixels"""
SMALLEST = 12
"""pixels a side that the half of a level needs to be a level: the last one has 12 to 23, 16 for powers of two"""
DESCRIPTORS = 131_072
"""patches of a set at a level at most: 77 MB of float32 for three channels"""

_KERNEL = (1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16)
_BLOCK_NUMBERS = 2**22

FloatImages = NDArray[np.floating[Any]]
"""[N, C, H, W]"""


class SlicedWasserstein(NamedTuple):
    """Sliced Wasserstein distances times 1,000, in standard deviations of a channel at a level."""

    levels: dict[str, float]
    """by the level's size, '32' or '32x24' (height first), finest first: each sees details of its own size only"""
    mean: float
    """over the levels"""


def check_images(images: Images, what: str = "images", least: int = 1) -> Images:
    """Images as an array.

    Raises:
        UsageError: fewer than ``least``, or not uint8 [N, C, H, W] of 1 to 4 channels.
    """
    array = image_rows(images, what)
    if len(array) < least:
        raise UsageError(f"{what}: got {len(array)} where at least {least} are needed")
    return array


def block_size(images: FloatImages | Images) -> int:
    """Images a block, so that it has about four million numbers."""
    return max(1, _BLOCK_NUMBERS // int(np.prod(images.shape[1:])))


def halve(images: FloatImages) -> FloatImages:
    """Every second row and column [N, C, ceil(H / 2), ceil(W / 2)] of images blurred by the 5-tap binomial kernel.

    Borders are mirrored without repeating the edge, as in ProGAN and OpenCV's ``pyrDown``.
    """
    for axis in (2, 3):
        images = _blur(images, axis)[_every_second(axis)]
    return images


def double(images: FloatImages, height: int, width: int) -> FloatImages:
    """Images [N, C, ceil(height / 2), ceil(width / 2)] spread out to [N, C, height, width] and blurred.

    A constant image stays that constant, at odd sizes too.
    """
    for axis, size in ((2, height), (3, width)):
        shape = list(images.shape)
        shape[axis] = size
        spread = np.zeros(shape, images.dtype)
        spread[_every_second(axis)] = images
        images = _blur(spread, axis) * images.dtype.type(2)
    return images


def _every_second(axis: int) -> tuple[slice, ...]:
    return (slice(None),) * axis + (slice(None, None, 2),)


def _blur(images: FloatImages, axis: int) -> FloatImages:
    size = images.shape[axis]
    widths = [(0, 0)] * 4
    widths[axis] = (2, 2)
    padded = np.pad(images, widths, mode="reflect")
    total = np.zeros_like(images)
    for offset, weight in enumerate(_KERNEL):
        total += images.dtype.type(weight) * padded[(slice(None),) * axis + (slice(offset, offset + size),)]
    return total


def level_sizes(height: int, width: int, smallest: int = SMALLEST) -> list[tuple[int, int]]:
    """Sizes of a pyramid's levels, finest first: halved, odd sizes upwards, while both halves reach ``smallest``."""
    sizes = [(height, width)]
    while min(height, width) > 1 and min(half := ((height + 1) // 2, (width + 1) // 2)) >= smallest:
        height, width = half
        sizes.append(half)
    return sizes


def laplacian_pyramid(images: FloatImages, smallest: int = SMALLEST) -> list[FloatImages]:
    """Levels of floating-point images, finest first: what each size adds to the next, and last the smallest image."""
    levels = [images]
    for height, width in level_sizes(images.shape[2], images.shape[3], smallest)[:-1]:
        smaller = halve(levels[-1])
        levels[-1] = levels[-1] - double(smaller, height, width)
        levels.append(smaller)
    return levels


def collapse(levels: list[FloatImages]) -> FloatImages:
    """Images from their Laplacian pyramid, its inverse."""
    image = levels[-1]
    for level in reversed(levels[:-1]):
        image = level + double(image, level.shape[2], level.shape[3])
    return image


def sliced_wasserstein(
    real: Images,
    fake: Images,
    *,
    seed: int = 0,
    repeats: int = 4,
    directions: int = 128,
    patches: int = 128,
    descriptors: int = DESCRIPTORS,
) -> SlicedWasserstein:
    """1,000 times the mean W1 of 7 x 7 patches along random directions, at each level (Karras et al. 2018, section 5).

    ``patches`` of each image are taken at random positions, the same in both sets; fewer where they would be more than
    ``descriptors`` in all, which bounds the memory. Of unequally large sets the larger is cut to a random subset
    of itself. Directions are ``repeats`` times ``directions`` unit vectors. As in ProGAN, the channels of each set are
    brought to mean 0 and deviation 1 by that set's own statistics: a change of brightness or contrast of all images
    alike is not seen. Two sets of real images are not at 0 either: take their distance at the same count as the floor.

    Raises:
        UsageError: not uint8 [N, C, H, W], fewer than 2 images, images of two shapes, or smaller than a patch.
    """
    real, fake = check_images(real, "real images", least=2), check_images(fake, "fake images", least=2)
    if real.shape[1:] != fake.shape[1:]:
        raise UsageError(f"fake images are {list(fake.shape[1:])}, real ones {list(real.shape[1:])}")
    if min(real.shape[2:]) < PATCH:
        raise UsageError(f"images of {real.shape[2]}x{real.shape[3]} are smaller than a patch of {PATCH}x{PATCH}")
    numbers = {"repeats": repeats, "directions": directions, "patches": patches, "descriptors": descriptors}
    for name, number in numbers.items():
        whole_number(name, number)
    rng = np.random.default_rng(seed)
    count = min(len(real), len(fake), descriptors)
    real, fake = (images if len(images) == count else _random_subset(images, count, rng) for images in (real, fake))
    positions = rng.random((2, count, max(1, min(patches, descriptors // count))))
    levels = {}
    for level, (height, width) in enumerate(level_sizes(real.shape[2], real.shape[3])):
        name = str(height) if height == width else f"{height}x{width}"
        reals, fakes = (_descriptors(images, level, positions) for images in (real, fake))
        distances = [_mean_distance(reals, fakes, directions, rng) for _ in range(repeats)]
        levels[name] = 1e3 * float(np.mean(distances))
    return SlicedWasserstein(levels, float(np.mean(list(levels.values()))))


def _random_subset(images: Images, count: int, rng: np.random.Generator) -> Images:
    return images[np.sort(rng.permutation(len(images))[:count])]


def _descriptors(images: Images, level: int, positions: NDArray[np.float64]) -> NDArray[np.float32]:
    """Patches [N * patches, C * 7 * 7] at ``positions`` (rows and columns in [0, 1), [2, N, patches]), normalised."""
    channels, count = images.shape[1], positions.shape[2]
    patches = np.empty((len(images), count, channels, PATCH, PATCH), np.float32)
    start = 0
    for block in blocks(images, block_size(images)):
        stop = start + len(block)
        patches[start:stop] = _patches(laplacian_pyramid(block.astype(np.float32))[level], positions[:, start:stop])
        start = stop
    for channel in range(channels):
        values = patches[:, :, channel]
        values -= values.mean(dtype=np.float64).astype(np.float32)
        deviation = float(np.sqrt(np.square(values).mean(dtype=np.float64)))
        if deviation > 1e-3:  # a flat level stays at zero: rounding is not scaled up
            values /= np.float32(deviation)
    return patches.reshape(len(images) * count, -1)


def _patches(images: FloatImages, positions: NDArray[np.float64]) -> FloatImages:
    """Patches [N, patches, C, 7, 7] of images [N, C, H, W]."""
    windows = np.lib.stride_tricks.sliding_window_view(images, (PATCH, PATCH), axis=(2, 3))
    rows, columns = (np.floor(positions[axis] * windows.shape[2 + axis]).astype(np.intp) for axis in (0, 1))
    return windows[np.arange(len(images))[:, None], :, rows, columns]


def _mean_distance(
    real: NDArray[np.float32], fake: NDArray[np.float32], directions: int, rng: np.random.Generator
) -> float:
    """The mean over random directions of W1 between the projections of two sets of equally many descriptors."""
    vectors = rng.standard_normal((directions, real.shape[1]))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    total = 0.0
    for start in range(0, directions, 32):
        block = vectors[start : start + 32]
        apart = np.abs(_projected(real, block) - _projected(fake, block))
        total += float(apart.mean(axis=1, dtype=np.float64).sum())
    return total / directions


def _projected(descriptors: NDArray[np.float32], vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    """Descriptors [M, D] along vectors [K, D], each row of the result [K, M] sorted.

    In float32, as the descriptors are: sorting is most of the work, and goes by the bytes.
    """
    projections = np.empty((len(vectors), len(descriptors)), np.float32)
    for start in range(0, len(descriptors), 8192):
        rows = slice(start, start + 8192)
        projections[:, rows] = vectors @ descriptors[rows].astype(np.float64).T
    projections.sort(axis=1)
    return projections
