"""Whether pictures are ink on paper, as writing, letters, logos in black and line drawings are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

INK = 0.8
"""share of black and white pixels from which on pictures are ink: digits of MNIST and letters have 0.9 and more, emoji
on white 0.54, photographs 0.1 (docs/folders.md)"""
_NEAR = 32  # levels from black, and from white
_MOST = 2_000  # pictures that are looked at


def ink_share(images: NDArray[np.uint8]) -> float:
    """The share of pixels that are black or white, within 32 of 256 levels in each colour.

    Args:
        images: uint8 [N, C, H, W] without alpha; of many at most 2,000, evenly spread
    """
    looked = images[:: max(1, -(-len(images) // _MOST))]
    if not looked.size:
        return 0.0
    black, white = (looked < _NEAR).all(axis=1), (looked > 255 - _NEAR).all(axis=1)
    return float((black | white).mean())
