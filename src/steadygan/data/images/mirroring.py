"""Whether pictures may be mirrored: how well a linear classifier tells them from their mirror images."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_SIDE = 16  # pixels to which pictures are averaged
_MOST = 4_000  # pictures that are looked at
_RIDGE = 0.1  # of the mean variance
_CHANCE = 0.55
"""share of right answers that is still no sign of an orientation: photographs are near 0.5"""
_DEVIATIONS = 1.64
"""standard errors by which the share has to be above"""


class Mirroring(NamedTuple):
    """The share of held-out pictures that were told from their mirror images, and of how many."""

    told: float
    images: int

    @property
    def by_chance(self) -> bool:
        """True if the share itself is near one half, however many pictures there are."""
        return self.told <= _CHANCE

    @property
    def suits(self) -> bool:
        """True unless the pictures have an orientation, as letters and digits have."""
        error = 0.5 / math.sqrt(max(self.images, 1))
        return self.told - _DEVIATIONS * error <= _CHANCE


def mirroring(images: NDArray[np.generic], seed: int = 0) -> Mirroring:
    """How well pictures can be told from their mirror images.

    Fisher's linear discriminant on the difference of a picture and its mirror image, averaged to some 16 pixels a side:
    fitted to one half of the pictures and judged on the other, and the other way round. 0.5 is chance, 1 is always.

    Args:
        images: [N, C, H, W]
        seed: of the halves
    """
    order = np.random.default_rng(seed).permutation(len(images))[:_MOST]
    differences = _differences(images[order])
    half = len(differences) // 2
    if half < 2 or not differences.any():
        return Mirroring(0.5, len(differences))
    one, other = differences[:half], differences[half:]
    right = np.concatenate([other @ _discriminant(one) > 0, one @ _discriminant(other) > 0])
    return Mirroring(float(right.mean()), len(differences))


def _differences(images: NDArray[np.generic]) -> NDArray[np.float64]:
    """[N, D]: the left half of each picture less its mirror image, as small pictures."""
    small = [_small(image.astype(np.float64)) for image in images]
    pairs = np.stack(small)
    return (pairs - pairs[..., ::-1])[..., : pairs.shape[-1] // 2].reshape(len(images), -1)


def _small(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """A picture [C, H, W] averaged over squares, its middle if the sides are no multiples of theirs."""
    _, height, width = image.shape
    step = max(1, min(height, width) // _SIDE)
    top, left = height % step // 2, width % step // 2
    image = image[:, top : top + height // step * step, left : left + width // step * step]
    means: NDArray[np.float64] = image.reshape(len(image), height // step, step, width // step, step).mean((2, 4))
    return means


def _discriminant(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    covariance = rows.T @ rows / len(rows)
    ridge = _RIDGE * np.trace(covariance) / len(covariance)
    weights: NDArray[np.float64] = np.linalg.solve(covariance + ridge * np.eye(len(covariance)), rows.mean(0))
    return weights
