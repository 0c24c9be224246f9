"""Agreement of the scales of multi-scale images: coarse images against the averaged finest one.

MSG-GAN's generator makes each size by a layer of its own; only the critic makes them agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steadygan.errors import UsageError
from steadygan.metrics.arrays import image_rows
from steadygan.metrics.estimates import Estimate, mean

_BLOCK = 256


class Agreement(NamedTuple):
    """Agreement of a coarser image with the finest one."""

    difference: Estimate
    """mean absolute difference from the finest image's means over squares, in grey levels (0 to 255)"""
    correlation: float
    """of the samples' mean colours at both sizes, mean over channels; 0 for a channel without variance"""


def scale_agreement(scales: Sequence[ArrayLike]) -> dict[int, Agreement]:
    """The agreement of each coarser scale with the finest one, by its pixels.

    Real images whose scales were rounded to whole grey levels differ by about 0.25, with a correlation of 1.

    Args:
        scales: uint8 [N, C, H, W] each, of the same N samples, coarse to fine; sides divide those of the finest

    Returns:
        by the shorter side of each scale

    Raises:
        UsageError: for other arrays, or fewer than 2 samples or scales.
    """
    images = [image_rows(scale, f"scale {i + 1}") for i, scale in enumerate(scales)]
    if len(images) < 2 or len(images[-1]) < 2:
        raise UsageError(f"agreement of scales needs 2 scales or more of 2 samples or more; got {len(images)} scales")
    finest = images[-1]
    return {min(image.shape[-2:]): _agreement(image, means(finest, min(image.shape[-2:]))) for image in images[:-1]}


def means(images: NDArray[np.uint8], side: int) -> NDArray[np.float64]:
    """The means of images [N, C, H, W] over squares, such that the shorter side has ``side`` pixels.

    Raises:
        UsageError: where such squares do not divide H and W.
    """
    count, channels, height, width = images.shape
    factor = min(height, width) // side
    if not factor or min(height, width) != factor * side or max(height, width) % factor:
        raise UsageError(f"images of {height}x{width} px have no means of {side} px a side")
    shape = (channels, height // factor, factor, width // factor, factor)
    blocks = [
        images[i : i + _BLOCK].reshape(-1, *shape).mean(axis=(3, 5), dtype=np.float64) for i in range(0, count, _BLOCK)
    ]
    return np.concatenate(blocks)


def _agreement(coarse: NDArray[np.uint8], expected: NDArray[np.float64]) -> Agreement:
    if coarse.shape != expected.shape:
        raise UsageError(f"scales of {list(coarse.shape)} and {list(expected.shape)} are not of the same samples")
    difference = mean(np.abs(coarse - expected).mean(axis=(1, 2, 3)))
    colours = [part.mean(axis=(2, 3), dtype=np.float64).T for part in (coarse, expected)]
    return Agreement(difference, float(np.mean([_correlation(a, b) for a, b in zip(*colours, strict=True)])))


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    if a.std() < 1e-9 or b.std() < 1e-9:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])
