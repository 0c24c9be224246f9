"""Sixel graphics of DEC's terminals, which foot, mlterm and others draw: bands of six rows in a palette of 256 colours.

A character of a band holds six pixels of one colour, one above the other, the uppermost in the lowest bit. ``!N``
repeats the next character N times, ``$`` goes back to the band's left edge, ``-`` to the next band. Source: VT330/VT340
Programmer Reference Manual, volume 2, chapter 14.
"""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

BAND = 6
_EMPTY = ord("?")
_RUN = re.compile(r"(.)\1{3,}")
"""equal characters that are written as a repeat; fewer take no more room as they are"""


def shown(pixels: NDArray[np.uint8], colours: int = 256) -> str:
    """Draws a picture at the cursor, pixel by pixel; the cursor is left below it.

    Args:
        pixels: uint8 [H, W, 3]; more than ``colours`` different ones are rounded to a palette
        colours: of the palette, 2 to 256
    """
    from PIL import Image

    height, width = pixels.shape[:2]
    reduced = Image.fromarray(pixels).quantize(colours, dither=Image.Dither.NONE)
    indices = np.asarray(reduced)
    palette = np.array(reduced.getpalette(), np.int64).reshape(-1, 3)
    used = np.unique(indices)
    # a channel is given in per cent
    defined = "".join(f"#{index};2;{';'.join(map(str, np.rint(palette[index] / 2.55).astype(int)))}" for index in used)
    bands = [_band(indices[top : top + BAND]) for top in range(0, height, BAND)]
    # ratio 1:1, background left as it is; the size first, so that the picture has room at once
    return f'\x1bP0;1;0q"1;1;{width};{height}{defined}{"-".join(bands)}\x1b\\'


def _band(indices: NDArray[np.uint8]) -> str:
    """A band [up to 6, W]: for each of its colours a character a column, empty ones at the end left out."""
    colours = np.unique(indices)
    sixels = np.full((len(colours), indices.shape[1]), _EMPTY, np.uint8)
    for row, places in enumerate(np.searchsorted(colours, indices)):  # a row has one colour in each column
        sixels[places, np.arange(len(places))] += 1 << row
    characters = (each.tobytes().decode("ascii").rstrip("?") for each in sixels)
    return "$".join(f"#{colour}{_RUN.sub(_repeat, text)}" for colour, text in zip(colours, characters, strict=True))


def _repeat(run: re.Match[str]) -> str:
    return f"!{len(run[0])}{run[1]}"
