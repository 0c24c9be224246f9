"""Feature extractors: named, hashed maps from 8-bit images to vectors."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from steadygan.metrics.arrays import Images


class Extracted(NamedTuple):
    """Features of N images."""

    features: NDArray[np.float32]
    """[N, width]"""
    probabilities: NDArray[np.float64] | None = None
    """[N, classes], if the extractor is a classifier"""


class Features(Protocol):
    """Feature extractor: a map from images to vectors, with all that decides its numbers."""

    @property
    def name(self) -> str:
        """'inception', 'classifier', 'patches', 'pixels', or the name of a user's module."""

    @property
    def identity(self) -> str:
        """Hash of what decides the numbers: weights, what they were fitted on, resizing, the code's version."""

    @property
    def width(self) -> int:
        """Features an image."""

    @property
    def facts(self) -> dict[str, Any]:
        """For the record, JSON-able: resize filter, precision, held-out accuracy, source of the weights, …"""

    def __call__(self, images: Images) -> Extracted:
        """Features of images uint8 [N, C, H, W]; works in blocks, so that memory does not grow with N."""
