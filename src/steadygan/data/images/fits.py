"""Whole numbers of FITS files: signed, or unsigned by a zero that the header shifts, of which Pillow reads neither."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.FitsImagePlugin import FitsImageFile

_ZERO, _SCALE = "BZERO", "BSCALE"
_SHIFTED = {"L": -128.0, "I;16": 2.0**15, "I": 2.0**31}
"""the zeros by which signed bytes and unsigned numbers are stored: their first bit is the other one"""


def note_header(image: Image.Image) -> None:
    """Puts the zero and the scale of the numbers of an opened FITS file beside its other properties (``info``)."""
    if isinstance(image, FitsImageFile):
        file: Any = image.fp
        place = file.tell()
        file.seek(0)
        header = file.read(image.tile[0][2])
        file.seek(place)
        image.info[_ZERO], image.info[_SCALE] = _number(header, _ZERO, 0.0), _number(header, _SCALE, 1.0)


def is_scaled(image: Image.Image) -> bool:
    """True for a FITS file whose numbers have another scale or zero than those of signed and unsigned numbers."""
    if not isinstance(image, FitsImageFile):
        return False
    return image.info[_SCALE] != 1 or image.info[_ZERO] not in (0, _SHIFTED.get(image.mode, 0.0))


def is_shifted(image: Image.Image) -> bool:
    """True for a FITS file of signed bytes, or of unsigned numbers of 16 or 32 bits."""
    return isinstance(image, FitsImageFile) and image.info[_ZERO] != 0


def whole_numbers(image: Image.Image) -> NDArray[Any]:
    """The whole numbers [H, W] of a loaded FITS file, unless they are unsigned bytes."""
    pixels = np.asarray(image)
    size = pixels.dtype.itemsize
    signed: NDArray[Any] = pixels.view(f"i{size}")
    if not is_shifted(image):
        return signed
    flipped = signed ^ np.iinfo(signed.dtype).min
    return flipped if image.mode == "L" else flipped.view(f"u{size}")


def _number(header: bytes, name: str, usual: float) -> float:
    """The number of a card of 80 bytes, the last of its name; ``nan`` if it is none."""
    cards = re.findall(rb"%-8s=([^/]{0,71})" % name.encode(), header)
    try:
        return float(cards[-1].replace(b"D", b"E")) if cards else usual
    except ValueError:
        return float("nan")
