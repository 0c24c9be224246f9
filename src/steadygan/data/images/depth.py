"""Depths of picture files: pixels of more than 8 bits, and the stored numbers that become 0 and 255 in each depth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile

from steadygan.data.images.keyed import hidden, opaque_but
from steadygan.data.images.stored import mode_of, numbers_of
from steadygan.data.value_range import AS_BYTES, Kind, to_bytes

DEEP_COLOUR = "16 bits a channel"
"""of formats whose colour pictures Pillow reads the upper 8 bits of"""


class Unreadable(Exception):
    """A picture that cannot be decoded; the text says why in a few words."""


@dataclass(frozen=True)
class Levels:
    """The stored numbers that become 0 and 255, by the depth of a file's pixels; one for all files of a data set."""

    bytes: tuple[float, float] = AS_BYTES
    whole: tuple[float, float] = (0.0, 65535.0)
    """of whole numbers of more bits"""
    real: tuple[float, float] = (0.0, 1.0)
    """of floating point numbers"""

    def of(self, kind: Kind) -> tuple[float, float]:
        """The numbers of one depth."""
        return {"whole": self.whole, "real": self.real}.get(kind, self.bytes)


AS_STORED = Levels()


def depth(mode: str) -> Kind:
    """The depth of pixels of one of Pillow's modes: 'bytes', 'whole' or 'real'."""
    return "real" if mode == "F" else "whole" if mode.startswith("I") else "bytes"


def has_deep_colour(image: Image.Image) -> bool:
    """True for colour or alpha of 16 bits a channel: Pillow reads their upper 8 bits only."""
    if depth(image.mode) != "bytes" or not isinstance(image, ImageFile.ImageFile):
        return False
    modes = [tile.args[0] if isinstance(tile.args, tuple) and tile.args else tile.args for tile in image.tile]
    return any(isinstance(mode, str) and "16" in mode and mode != "BGR;16" for mode in modes)  # of 16 bits in all


def colours(image: Image.Image) -> Image.Image:
    """A picture of 8 bits in a mode whose channels are levels: L, LA, RGB or RGBA; black and white stays.

    A transparent colour becomes alpha: it is of the numbers as stored.
    """
    if "transparency" in image.info and image.mode in ("1", "L", "RGB"):
        return image.convert("RGBA" if image.mode == "RGB" else "LA")
    if image.mode in ("1", "L", "LA", "RGB", "RGBA"):
        return image
    if image.mode == "P" or image.mode in ("PA", "La", "RGBa"):
        grey = image.mode == "La"
        return image.convert("LA" if grey else "RGBA" if image.has_transparency_data or image.mode != "P" else "RGB")
    return image.convert("RGB")


def levelled(array: NDArray[np.uint8], levels: Levels) -> NDArray[np.uint8]:
    """An array [C, H, W] by the numbers that become 0 and 255; alpha stays as it is."""
    if levels.bytes == AS_BYTES:
        return array
    if len(array) in (2, 4):
        return np.concatenate([to_bytes(array[:-1], *levels.bytes), array[-1:]])
    return to_bytes(array, *levels.bytes)


def eight_bits(image: Image.Image, levels: Levels) -> Image.Image:
    """The picture with 8 bits a channel, by the numbers that become 0 and 255; alpha stays as it is.

    Raises:
        Unreadable: for numbers that are not finite.
    """
    kind = depth(mode_of(image))
    low, high = levels.of(kind)
    if kind == "bytes":
        if (low, high) == AS_BYTES:
            return image
        flat = colours(image)
        flat = flat.convert("L") if flat.mode == "1" else flat
        table = to_bytes(np.arange(256), low, high).tolist()
        alpha = list(range(256)) if flat.mode in ("LA", "RGBA") else []
        bands = len(flat.getbands()) - bool(alpha)
        return flat.point(table * bands + alpha)
    pixels = numbers_of(image)
    if kind == "real":
        if not np.isfinite(pixels).all():
            raise Unreadable("NaN among its numbers" if np.isnan(pixels).any() else "an infinite number")
        scaled = (pixels - np.float32(low)) * np.float32(255 / (high - low))
        return Image.fromarray(np.rint(scaled).clip(0, 255).astype(np.uint8))
    grey, where = Image.fromarray(to_bytes(pixels, low, high)), hidden(image)
    return grey if where is None else Image.merge("LA", (grey, opaque_but(where)))
