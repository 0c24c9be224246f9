"""Principal components of pixels: features without a network, of where things lie and not how sharp they are."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.errors import UsageError
from steadygan.features.base import Extracted
from steadygan.metrics.arrays import Images, blocks
from steadygan.metrics.pyramids import block_size, check_images

FITTED_ON = 20_000
"""images at most that the components are fitted on"""
_VERSION = 1
_FEW, _DENSE = 1_000, 512
"""images up to which their products are taken, not the pixels'; numbers up to which eigenvalues are found densely"""
_NUMBERS = 4_096

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PixelFeatures:
    """The first principal components of pixels, scaled to a total variance of 1 over the images fitted on.

    Not whitened: directions in which real images hardly differ would count like the main ones and bring their noise.
    In the Fréchet distance, 1 is what one image at the real mean, repeated, would score: the loss of all variety.
    """

    shape: tuple[int, ...]
    """(C, H, W) of the images"""
    factor: int
    """side of the squares that are averaged to a pixel; 1 for small images"""
    mean: Array
    """[D], of pixels from 0 to 1"""
    components: Array
    """[D, width], orthogonal, scaled"""
    fitted: dict[str, Any]
    """number of images, share of the variance that is explained"""
    identity: str

    @property
    def name(self) -> str:
        return "pixels"

    @property
    def width(self) -> int:
        return int(self.components.shape[1])

    @property
    def facts(self) -> dict[str, Any]:
        return {"version": _VERSION, "precision": "float64", "averaged over squares of": self.factor, **self.fitted}

    def __call__(self, images: Images) -> Extracted:
        """Features [N, width] of images uint8 [N, C, H, W].

        Raises:
            UsageError: images of another shape than those fitted on.
        """
        images = check_same(images, self.shape, self.name)
        features = np.empty((len(images), self.width), np.float32)
        start = 0
        for block in blocks(images, block_size(images)):
            features[start : start + len(block)] = (_vectors(block, self.factor) - self.mean) @ self.components
            start += len(block)
        return Extracted(features)


def fit_pixels(images: Images, *, width: int = 64) -> PixelFeatures:
    """Features of at most ``width`` components, of images uint8 [N, C, H, W], or of 20,000 of them.

    Images of more than 4,096 numbers are first averaged over squares, so that the fit takes seconds at any size.

    Raises:
        UsageError: not uint8 [N, C, H, W], fewer than 2 images, images that are all the same, or ``width`` below 1.
    """
    images = check_images(images, least=2)
    if width < 1:
        raise UsageError(f"width is {width}; at least one component is kept")
    subset = fixed_subset(images)
    factor = 1
    while images.shape[1] * -(-images.shape[2] // factor) * -(-images.shape[3] // factor) > _NUMBERS:
        factor += 1
    mean, vectors, variances, total = _principal(subset, factor, width)
    kept = float(variances.sum())
    fitted = {"fitted on": len(subset), "variance kept": round(kept / total, 6)}
    identity = identity_of(subset, f"pixels {_VERSION} {width}")
    return PixelFeatures(images.shape[1:], factor, mean, vectors / np.sqrt(kept), fitted, identity)


def check_same(images: Images, shape: tuple[int, ...], name: str) -> Images:
    """Images as an array.

    Raises:
        UsageError: not uint8 [N, *shape].
    """
    array = check_images(images)
    if array.shape[1:] != shape:
        raise UsageError(f"images are {list(array.shape[1:])}; '{name}' was fitted on images of {list(shape)}")
    return array


def fixed_subset(images: Images, most: int = FITTED_ON) -> Images:
    """All the images, or a fixed random subset of ``most`` of them."""
    if len(images) <= most:
        return images
    return images[np.sort(np.random.default_rng(0).permutation(len(images))[:most])]


def identity_of(images: Images, settings: str) -> str:
    """Hash of the inputs of a fit.

    Not of its result: last digits differ between processors, and the same features would look like others.
    """
    digest = hashlib.sha256(f"{settings} {images.shape}".encode())
    for block in blocks(images, block_size(images)):
        digest.update(np.ascontiguousarray(block).tobytes())
    return digest.hexdigest()


def _vectors(images: Images, factor: int) -> Array:
    """Pixels from 0 to 1, [N, D], means over squares where ``factor`` is not 1 (smaller ones at the far borders)."""
    values = images.astype(np.float64) / 255
    for axis in (2, 3) if factor > 1 else ():
        edges = np.arange(0, values.shape[axis], factor)
        counts = np.diff(np.append(edges, values.shape[axis]))
        values = np.add.reduceat(values, edges, axis=axis) / counts.reshape((-1, 1) if axis == 2 else -1)
    return values.reshape(len(images), -1)


def _principal(images: Images, factor: int, width: int) -> tuple[Array, Array, Array, float]:
    """Mean [D], components [D, width], their variances, and the total variance."""
    size = block_size(images)
    mean = sum(_vectors(block, factor).sum(axis=0) for block in blocks(images, size)) / len(images)
    few = len(images) <= min(_FEW, len(mean))
    rows = np.concatenate([_vectors(block, factor) - mean for block in blocks(images, size)]) if few else None
    matrix = _covariance(images, factor, mean) if rows is None else rows @ rows.T  # equal eigenvalues but for zeros
    total = float(np.trace(matrix)) / (len(images) - 1)
    if total < 1e-12:  # rounding; one grey level in one pixel of one image is a hundred times that
        raise UsageError("images are all the same: there is nothing to fit features on")
    values, vectors = _largest(matrix, min(width, len(matrix)))
    variances = values / (len(images) - 1)
    kept = variances > 1e-9 * total
    vectors, variances, values = vectors[:, kept], variances[kept], values[kept]
    if rows is not None:
        vectors = rows.T @ vectors / np.sqrt(values)
    largest = np.abs(vectors).argmax(axis=0)
    return mean, vectors * np.sign(vectors[largest, np.arange(vectors.shape[1])]), variances, total


def _covariance(images: Images, factor: int, mean: Array) -> Array:
    """Sum over images of the products of centred pixels, [D, D]."""
    found = np.zeros((len(mean), len(mean)))
    for block in blocks(images, block_size(images)):
        centred = _vectors(block, factor) - mean
        found += centred.T @ centred
    return found


def _largest(matrix: Array, count: int) -> tuple[Array, Array]:
    """The largest eigenvalues of a symmetric matrix, falling, and their vectors in columns."""
    from scipy.linalg import eigh
    from scipy.sparse.linalg import ArpackError, eigsh

    if count <= len(matrix) // 8 and len(matrix) > _DENSE:  # in an eighth of the time (3,072 numbers, one thread)
        start = np.random.default_rng(0).standard_normal(len(matrix))
        with suppress(ArpackError):
            values, vectors = eigsh(matrix, count, which="LA", v0=start, tol=0)
            order = np.argsort(values)[::-1]
            return values[order], vectors[:, order]
    values, vectors = eigh(matrix, subset_by_index=[len(matrix) - count, len(matrix) - 1])
    return values[::-1], vectors[:, ::-1]
