"""The alpha channel of pictures: the last of 2 (grey) or 4 (colour) channels, 0 transparent to 255 opaque."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steadygan.types import has_alpha


def over_white(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pictures uint8 [N, C, H, W] composited on white, rounded: of 2 channels 1, of 4 channels 3; others unchanged."""
    if not has_alpha(images.shape[1]):
        return images
    made = np.empty((len(images), images.shape[1] - 1, *images.shape[2:]), np.uint8)
    for start in range(0, len(images), 512):
        block = images[start : start + 512]
        missing = (255 - block[:, :-1].astype(np.uint16)) * block[:, -1:]  # at most 255 * 255, which fits
        made[start : start + 512] = 255 - (missing + np.uint16(127)) // np.uint16(255)
    return made


def white_where_transparent(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture [C, H, W] whose fully transparent pixels are white: what lies under them is anything in files."""
    if not has_alpha(len(picture)) or picture[-1].all():
        return picture
    colour = np.where(picture[-1] == 0, np.uint8(255), picture[:-1])
    return np.concatenate([colour, picture[-1:]])
