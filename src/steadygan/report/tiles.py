"""A small grid of samples that fits a box of pixels, such as part of a terminal's window."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_ROWS, ENOUGH = 4, 8
"""rows of tiles at most; tiles for which no further row is begun"""
_GROUND = 128
"""grey between the tiles"""


class Box(NamedTuple):
    """Room for a grid."""

    height: int
    """pixels"""
    width: int
    gap: int = 2
    """pixels between two tiles"""
    least: int = 32
    """height of a tile that is still legible, in pixels; a sample of fewer is legible as it is"""


class _Layout(NamedTuple):
    rows: int
    columns: int
    height: int
    """of a tile, in pixels"""
    width: int


def tiled(samples: NDArray[np.uint8], box: Box) -> NDArray[np.uint8]:
    """A grid of some of the samples, evenly chosen, as uint8 [height, width, 3] within the box.

    Each tile is enlarged by a whole factor, or shrunk if too few fit in otherwise. Transparent samples are on white.

    samples: uint8 [N, C, H, W] with 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGBA) channels
    """
    count, _, height, width = samples.shape
    rows, columns, high, wide = _layout(height, width, box, count)
    columns = min(columns, math.ceil(count / rows))
    rows = min(rows, math.ceil(count / columns))
    chosen = np.linspace(0, count - 1, min(count, rows * columns)).round().astype(int)
    canvas = np.full((rows * (high + box.gap) - box.gap, columns * (wide + box.gap) - box.gap, 3), _GROUND, np.uint8)
    for place, index in enumerate(chosen):
        row, column = divmod(place, columns)
        top, left = row * (high + box.gap), column * (wide + box.gap)
        canvas[top : top + high, left : left + wide] = _resized(on_white(samples[index]), high, wide)
    return canvas


def on_white(sample: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A sample [C, H, W] as red, green and blue [H, W, 3]."""
    pixels = sample.transpose(1, 2, 0)
    if len(sample) in (2, 4):
        alpha = pixels[..., -1:].astype(np.float32) / 255
        pixels = np.rint(255 + (pixels[..., :-1] - 255.0) * alpha).astype(np.uint8)
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))


def _layout(height: int, width: int, box: Box, count: int) -> _Layout:
    """The fewest rows with enough tiles; else the most rows whose tiles are legible."""
    best = _of_rows(1, height, width, box)
    for rows in range(2, MOST_ROWS + 1):
        if best.rows * best.columns >= min(ENOUGH, count):
            break
        found = _of_rows(rows, height, width, box)
        if found.height < min(height, box.least):
            break
        best = found
    return best


def _of_rows(rows: int, height: int, width: int, box: Box) -> _Layout:
    room = max(1, (box.height + box.gap) // rows - box.gap)
    scale = min(room / height, box.width / width)
    factor = int(scale) if scale >= 1 else scale
    high, wide = (max(1, min(most, round(side * factor))) for side, most in ((height, room), (width, box.width)))
    return _Layout(rows, max(1, (box.width + box.gap) // (wide + box.gap)), high, wide)


def _resized(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    from PIL import Image

    if (height, width) == pixels.shape[:2]:
        return pixels
    how = Image.Resampling.NEAREST if height >= pixels.shape[0] else Image.Resampling.BOX
    return np.asarray(Image.fromarray(np.ascontiguousarray(pixels)).resize((width, height), how))
