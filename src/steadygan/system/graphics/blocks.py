"""Half-block characters: two pixels a cell, the upper as the colour of ``▀``, the lower as its background.

Colours are of 24 bits or of the palette of 256 that xterm has: 16 of the user's own, a cube of 6 x 6 x 6, and 24 greys.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

HALF = "\u2580"
RESET = "\x1b[0m"
_LEVELS = np.array([0, 95, 135, 175, 215, 255])
"""of each channel of the cube; the greys are 8, 18, ..., 238"""


def lines(pixels: NDArray[np.uint8], *, exact: bool) -> list[str]:
    """The lines of a picture, from the top; each ends with the terminal's usual colours.

    Args:
        pixels: uint8 [H, W, 3], red, green and blue; the lower half of a last single row is left as it is
        exact: 24-bit colours; False: those of the palette of 256
    """
    colours = pixels.astype(np.int64) if exact else palette_indices(pixels)[..., None]
    kind = 2 if exact else 5
    shown = []
    for top in range(0, len(colours), 2):
        below = colours[top + 1] if top + 1 < len(colours) else None
        shown.append(_line(colours[top], below, kind))
    return shown


def palette_indices(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The nearest colours [H, W] of the palette of 256 to pixels [H, W, 3], by the squared distance."""
    values = pixels.astype(np.int64)
    cube = np.abs(values[..., None] - _LEVELS).argmin(axis=-1)
    grey = np.rint((values.mean(axis=-1) - 8) / 10).clip(0, 23).astype(np.int64)
    cube_error = ((_LEVELS[cube] - values) ** 2).sum(axis=-1)
    grey_error = (((8 + 10 * grey)[..., None] - values) ** 2).sum(axis=-1)
    in_cube = 16 + cube @ np.array([36, 6, 1])
    nearest: NDArray[np.int64] = np.where(grey_error < cube_error, 232 + grey, in_cube)
    return nearest


def _line(above: NDArray[np.int64], below: NDArray[np.int64] | None, kind: int) -> str:
    parts, last = [], ("", "")
    ground = [""] * len(above) if below is None else [_colour(48, kind, each) for each in below]
    for front, back in zip((_colour(38, kind, each) for each in above), ground, strict=True):
        changed = [new for new, old in zip((front, back), last, strict=True) if new != old]
        parts.append((f"\x1b[{';'.join(changed)}m" if changed else "") + HALF)
        last = front, back
    return "".join(parts) + RESET


def _colour(ground: int, kind: int, values: NDArray[np.int64]) -> str:
    return ";".join(map(str, (ground, kind, *values.tolist())))
