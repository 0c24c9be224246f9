"""Stored numbers of pictures: what a file says of them, as the tags of a TIFF do, and Pillow leaves to its caller."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import TiffImageFile

from steadygan.data.images.fits import is_scaled, is_shifted, whole_numbers

SIGNED_BYTES = "I;8S"
"""the mode, in Pillow's manner, of pictures of signed 8 bits, which Pillow opens as unsigned ones"""
WHITE_IS_ZERO = " of 16 bits with 0 as white"
_NATIVE = {"I;16BS": "I;16NS", "I;32BS": "I;32NS", "F;32BF": "F;32NF"}
_PHOTOMETRIC, _FORMAT = 262, 339  # tags
_UNSIGNED, _SIGNED = 1, 2


def mode_of(image: Image.Image) -> str:
    """The mode of a picture's numbers: Pillow's, or ``SIGNED_BYTES``."""
    signed = image.mode == "L" and (_format(image) == _SIGNED or is_shifted(image))
    return SIGNED_BYTES if signed else image.mode


def is_inverted(image: Image.Image) -> bool:
    """True if 0 is white and the largest number of 16 bits black: Pillow inverts up to 8 bits only."""
    return image.mode.startswith("I;16") and _has_white_zero(image)


def problem(image: Image.Image) -> str:
    """Why a picture's numbers cannot be told, in a few words; '' if they can."""
    if image.mode == "F" and _has_white_zero(image):
        return "fractions with 0 as white: what is black, TIFF does not say"
    return "numbers scaled by BSCALE and BZERO" if is_scaled(image) else ""


def in_native_order(image: Image.Image) -> None:
    """Before a picture is loaded: has numbers of compressed TIFFs read in this machine's order of bytes.

    libtiff hands them over so, and Pillow takes signed ones and fractions of big-endian files for those of the file.
    """
    if isinstance(image, TiffImageFile) and image.tile and image.tile[0][0] == "libtiff":
        arguments = image.tile[0][3]
        if isinstance(arguments, tuple) and arguments[0] in _NATIVE:
            unpack_as(image, (_NATIVE[arguments[0]], *arguments[1:]))


def unpack_as(image: ImageFile, arguments: Any) -> None:
    """Sets the arguments of the decoder of a picture that is one tile and not loaded."""
    tile = image.tile[0]
    of_type: Any = getattr(type(tile), "_make", tuple)  # older versions of Pillow have plain tuples
    image.tile = [of_type((*tile[:3], arguments))]


def numbers_of(image: Image.Image) -> NDArray[Any]:
    """The numbers [H, W] of a loaded picture of one channel as its file means them: of their sign, with 0 as black."""
    if image.format == "FITS" and image.mode != "F":
        return whole_numbers(image)
    pixels = np.asarray(image)
    if mode_of(image) == SIGNED_BYTES:
        return pixels.view(np.int8)
    if image.mode == "I" and _format(image) == _UNSIGNED:
        return pixels.view(np.uint32)
    return np.invert(pixels) if is_inverted(image) else pixels


def _format(image: Image.Image) -> int:
    """1 for whole numbers, 2 for signed ones, 3 for fractions, of all channels; 0 if it is no TIFF."""
    formats = set(image.tag_v2.get(_FORMAT, (_UNSIGNED,))) if isinstance(image, TiffImageFile) else set()
    return int(formats.pop()) if len(formats) == 1 else 0


def _has_white_zero(image: Image.Image) -> bool:
    # where the tag is missing Pillow takes it for 0, and inverts 8 bits
    return isinstance(image, TiffImageFile) and image.tag_v2.get(_PHOTOMETRIC, 0) == 0
