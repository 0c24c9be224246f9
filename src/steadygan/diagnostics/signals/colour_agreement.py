"""Colour agreement of the scales of multi-scale samples (MSG-GAN): coarse images against the averaged finest one.

Each size comes from a layer of its own, and only the critic makes them agree (Karnewar & Wang 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from steadygan.checks import at_least
from steadygan.diagnostics.signals.host import host_array
from steadygan.errors import UsageError
from steadygan.metrics.scales import scale_agreement
from steadygan.types import Scales

if TYPE_CHECKING:
    from torch import Tensor


class ColourAgreement(NamedTuple):
    """Agreement of coarse scales with the finest, at the scale where it is worst."""

    difference: float
    """mean absolute difference of pixels from the finest image's means over squares, as a share of the range 0 to 1"""
    difference_side: int
    """side in pixels of the scale that differs most"""
    correlation: float
    """of the samples' mean colours with those of the finest scale, -1 to 1; 0 without variance of colours"""
    correlation_side: int


def colour_agreement(scales: Scales | Sequence[Tensor | NDArray[Any]], *, low: float = -1.0) -> ColourAgreement:
    """Agreement of the scales of the same N samples, [N, C, H, H] each, coarse to fine, with values from ``low`` to 1.

    Measured by ``metrics.scales.scale_agreement`` on the 256 levels that a user sees (uint8 is taken as it is); scales
    that agree differ by at most a level, 1/255. Collapsed samples have no variance of colours, and a correlation of 0.

    Raises:
        UsageError: fewer than 2 scales or samples, other shapes, sides that do not divide the finest one, NaN.
    """
    if not low < 1:
        at_least("1 - low", 1 - low, 0)
        raise UsageError(f"low is {low}; allowed: numbers below 1")
    images = scales.images if isinstance(scales, Scales) else scales
    found = scale_agreement([_levels(image, i, low) for i, image in enumerate(images)])
    farthest = max(found, key=lambda side: found[side].difference.value)
    loosest = min(found, key=lambda side: found[side].correlation)
    return ColourAgreement(found[farthest].difference.value / 255, farthest, found[loosest].correlation, loosest)


def _levels(image: Any, number: int, low: float) -> NDArray[np.uint8]:
    """Numbers from ``low`` to 1 as 256 levels; those outside are cut off, as in a picture."""
    array = host_array(image)
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind != "f" or np.isnan(array).any():
        raise UsageError(f"scale {number + 1} must be finite floating-point numbers or uint8; got {array.dtype} or NaN")
    return np.rint((array.clip(low, 1) - low) * (255 / (1 - low))).astype(np.uint8)
