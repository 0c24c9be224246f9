"""Patch statistics over a Laplacian pyramid, and components of pixels: features that need no network.

Each image is described in four ways: how strongly each level responds to each of a few small filters, how sparsely
(edges) or evenly (noise) it does, in which quarter of the image, and where light and dark lie as a whole. The filters
are the principal components of real patches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from steadygan.errors import UsageError
from steadygan.features.base import Extracted
from steadygan.features.pixels import PixelFeatures, check_same, fit_pixels, fixed_subset, identity_of
from steadygan.metrics.arrays import Images, blocks
from steadygan.metrics.pyramids import FloatImages, block_size, check_images, laplacian_pyramid

SIDE = 5
"""of a patch, in pixels of its level"""
SMALLEST = 6
"""pixels a side that the half of a level needs to be a level: the last one has 6 to 11, 8 for powers of two"""
LAYOUT = 24
"""components of pixels"""
_PATCHES = 100_000
_FLAT = 1e-3
_LEAST_DEVIATION = 0.01
_VERSION = 1

Array = NDArray[np.float64]


class Filters(NamedTuple):
    """The first K principal components of patches of a level."""

    weights: NDArray[np.float32]
    """[K, C, 5, 5], orthonormal"""
    offsets: NDArray[np.float32]
    """[K]: with these, responses of real patches have mean 0"""
    floors: NDArray[np.float32]
    """[K], added to the mean square of responses, so that flat images have a logarithm"""


@dataclass(frozen=True, eq=False)
class PatchFeatures:
    """Texture and layout of images, centred on the images fitted on, with a total variance of 1.

    The four groups (strength, sparsity, quarters, pixels) have a quarter of the variance each. In the Fréchet distance,
    1 is what a single vector at the real mean would score: the loss of all variety.
    """

    shape: tuple[int, ...]
    """(C, H, W) of the images"""
    levels: tuple[Filters, ...]
    """finest first"""
    pixels: PixelFeatures
    centre: Array
    """[width]"""
    scale: Array
    """[width]"""
    fitted: dict[str, Any]
    """on how many images, with what settings"""
    identity: str

    @property
    def name(self) -> str:
        return "patches"

    @property
    def width(self) -> int:
        return len(self.centre)

    @property
    def facts(self) -> dict[str, Any]:
        return {"version": _VERSION, "precision": "float32", "levels": len(self.levels), **self.fitted}

    def __call__(self, images: Images) -> Extracted:
        """Features [N, width] of images uint8 [N, C, H, W].

        Raises:
            UsageError: images of another shape than those fitted on.
        """
        images = check_same(images, self.shape, self.name)
        raw = np.concatenate(_raw(images, self.levels, self.pixels), axis=1)
        return Extracted(((raw - self.centre) * self.scale).astype(np.float32))


def fit_patches(images: Images, *, components: int = 12, seed: int = 0) -> PatchFeatures:
    """Features fitted to images uint8 [N, C, H, W], or to 20,000 of them: 108 an image at 28 and 32 pixels.

    Args:
        images: real ones, of at least 6 x 6 pixels
        components: filters a level
        seed: of the positions of 100,000 patches a level

    Raises:
        UsageError: not such images, fewer than 2 of them, all the same, or ``components`` below 1.
    """
    images = check_images(images, least=2)
    if components < 1:
        raise UsageError(f"components is {components}; at least one pattern a level is needed")
    if min(images.shape[2:]) < SMALLEST:
        size = f"{images.shape[2]}x{images.shape[3]}"
        raise UsageError(f"images of {size} are too small for patches: at least {SMALLEST}x{SMALLEST}")
    subset = fixed_subset(images)
    pixels = fit_pixels(subset, width=LAYOUT)
    levels = _fit_levels(subset, components, np.random.default_rng(seed))
    groups = _raw(subset, levels, pixels)
    centre = np.concatenate([group.mean(axis=0) for group in groups])
    # a feature that real images hardly differ in must not outweigh all others
    deviations = [np.maximum(group.std(axis=0), _LEAST_DEVIATION) for group in groups]
    scale = np.concatenate([1 / (std * np.sqrt(len(groups) * len(std))) for std in deviations])
    fitted = {"fitted on": len(subset), "components": components, "seed": seed}
    identity = identity_of(subset, f"patches {_VERSION} {components} {seed}")
    return PatchFeatures(images.shape[1:], levels, pixels, centre, scale, fitted, identity)


def _pyramid(images: Images) -> list[FloatImages]:
    return laplacian_pyramid(images.astype(np.float32) / np.float32(255), SMALLEST)


def _block_size(images: Images) -> int:
    return max(1, block_size(images) // 8)  # each pixel has a dozen responses


def _fit_levels(images: Images, components: int, rng: np.random.Generator) -> tuple[Filters, ...]:
    each = -(-_PATCHES // len(images))
    patches = [[_patches(level, each, rng) for level in _pyramid(b)] for b in blocks(images, _block_size(images))]
    return tuple(_principal(np.concatenate(of_level), components) for of_level in zip(*patches, strict=True))


def _patches(level: FloatImages, each: int, rng: np.random.Generator) -> FloatImages:
    """``each`` patches of every image, [N * each, C, 5, 5], at random positions."""
    windows = np.lib.stride_tricks.sliding_window_view(level, (SIDE, SIDE), axis=(2, 3))
    rows, columns = (rng.integers(0, windows.shape[axis], (len(level), each)) for axis in (2, 3))
    return windows[np.arange(len(level))[:, None], :, rows, columns].reshape(-1, *windows.shape[1:2], SIDE, SIDE)


def _principal(patches: FloatImages, components: int) -> Filters:
    flat = patches.reshape(len(patches), -1).astype(np.float64)
    mean = flat.mean(axis=0)
    flat -= mean
    variances, vectors = np.linalg.eigh(flat.T @ flat / len(flat))
    variances, vectors = variances[::-1][:components], vectors.T[::-1][:components]
    floors = _FLAT * np.maximum(variances, max(_FLAT * variances[0], np.finfo(np.float32).tiny))
    weights = vectors.reshape(-1, *patches.shape[1:])
    return Filters(weights.astype(np.float32), (-vectors @ mean).astype(np.float32), floors.astype(np.float32))


def _raw(images: Images, levels: tuple[Filters, ...], pixels: PixelFeatures) -> list[Array]:
    """Strength [N, K * levels], sparsity [N, K * levels], quarters [N, 4 * levels] and pixels [N, 24], not scaled."""
    groups: list[list[Array]] = [[], [], []]
    for block in blocks(images, _block_size(images)):
        of_levels = [_respond(level, filters) for level, filters in zip(_pyramid(block), levels, strict=True)]
        for group, parts in zip(groups, zip(*of_levels, strict=True), strict=True):
            group.append(np.concatenate(parts, axis=1))
    return [*(np.concatenate(group) for group in groups), pixels(images).features.astype(np.float64)]


def _respond(level: FloatImages, filters: Filters) -> tuple[Array, Array, Array]:
    """Strength, sparsity and quarters of one level.

    For responses r of a filter over an image: log(E r^2), E|r| / (E r^2)^1/2 (0.8 for normal noise, less for few
    edges), and the share of the sum of r^2 over all filters that lies in each quarter.
    """
    import torch

    weights, offsets = torch.from_numpy(filters.weights), torch.from_numpy(filters.offsets)
    responses = torch.nn.functional.conv2d(torch.from_numpy(np.ascontiguousarray(level)), weights, offsets)
    squares = responses.square()
    energy = squares.mean(dim=(2, 3)).double().numpy() + filters.floors
    sparsity = responses.abs().mean(dim=(2, 3)).double().numpy() / np.sqrt(energy)
    total = squares.sum(dim=1).double().numpy() + filters.floors.sum(dtype=np.float64)
    height, width = ((size + 1) // 2 for size in total.shape[1:])
    halves = (total[:, :height], total[:, height:])
    quarters = [part.sum(axis=(1, 2)) for half in halves for part in (half[:, :, :width], half[:, :, width:])]
    shares = np.stack(quarters, axis=1) / total.sum(axis=(1, 2))[:, None]
    return np.log(energy), sparsity, shares
