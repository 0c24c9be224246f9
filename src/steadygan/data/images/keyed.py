"""Transparency of files without a usual alpha channel: one colour of a PNG (tRNS), and fourth bytes of no meaning."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TgaImagePlugin import TgaImageFile

from steadygan.data.images.stored import in_native_order, unpack_as

KEYED = " with a transparent colour"


def key_words(image: Image.Image) -> str:
    """``KEYED``, with the bits if they are not 8, of a PNG that is not loaded; '' for other pictures."""
    if not _has_key(image):
        return ""
    bits = _bits(image)
    return KEYED if bits in (1, 8) or image.mode == "RGB" else f"{KEYED} of {bits} bits"


def load(image: Image.Image) -> None:
    """Loads an opened picture, and has its transparency mean what the file says.

    A transparent colour is put in the terms of Pillow's pixels (``info``), or made an alpha channel where these have
    fewer bits than it. Pillow leaves it as stored: 7 of 15 levels, where the pixels have 119 of 255.
    """
    in_native_order(image)
    if isinstance(image, PngImageFile) and _has_key(image):
        _load_keyed(image)
        return
    may_be_filled = image.mode == "RGBA" and _may_be_filled(image)
    image.load()
    if may_be_filled and image.getchannel("A").getextrema() == (0, 0):
        image.putalpha(255)


def hidden(image: Image.Image) -> NDArray[np.bool_] | None:
    """True [H, W] where a loaded picture of 16 bits has its transparent colour; None if it has none."""
    key = image.info.get("transparency")
    return np.asarray(image) == key if image.mode.startswith("I") and isinstance(key, int) else None


def alpha_of(image: Image.Image) -> Image.Image:
    """The alpha channel (mode L) of a loaded picture."""
    where = hidden(image)
    return image.convert("RGBA").getchannel("A") if where is None else opaque_but(where)


def opaque_but(hidden: NDArray[np.bool_]) -> Image.Image:
    """An alpha channel (mode L): 0 where ``hidden`` [H, W] is true, else 255."""
    return Image.fromarray(np.where(hidden, np.uint8(0), np.uint8(255)))


def _may_be_filled(image: Image.Image) -> bool:
    """True for pictures of 32 bits whose fourth bytes, if all are 0, have no meaning."""
    if not isinstance(image, TgaImageFile):
        return image.format in ("BMP", "DIB")
    file: Any = image.fp
    place = file.tell()
    file.seek(17)
    bits_of_alpha: int = file.read(1)[0] & 15
    file.seek(place)
    return bits_of_alpha == 0


def _has_key(image: Image.Image) -> bool:
    return isinstance(image, PngImageFile) and image.mode != "P" and "transparency" in image.info


def _bits(image: Image.Image) -> int:
    """Bits a channel of a PNG that is not loaded."""
    rawmode = image.tile[0][3] if isinstance(image, ImageFile.ImageFile) and image.tile else ""
    bits = re.search(r";(\d+)", rawmode) if isinstance(rawmode, str) else None
    return int(bits[1]) if bits else 1 if image.mode == "1" else 8


def _load_keyed(image: PngImageFile) -> None:
    bits, key = _bits(image), image.info["transparency"]
    most = 2**bits - 1
    if image.mode == "RGB" and bits == 16:
        lower = _lower_bytes(image)
        image.load()
        same = (np.asarray(image) == np.array(key) >> 8) & (lower == np.array(key) & 255)
        image.putalpha(opaque_but(same.all(axis=-1)))
        del image.info["transparency"]
        return
    if image.mode == "L":
        image.info["transparency"] = (key & most) * 255 // most
    elif image.mode == "RGB":
        image.info["transparency"] = tuple(number & most for number in key)
    image.load()


def _lower_bytes(image: PngImageFile) -> NDArray[np.uint8]:
    """The lower 8 of 16 bits [H, W, 3] of a PNG that is not loaded; it can be loaded afterwards."""
    file: Any = image.fp
    place = file.tell()
    file.seek(0)
    again: Any = Image.open(file, formats=("PNG",))
    unpack_as(again, "RGB;16L")  # as if it were little-endian: the other byte comes out
    lower = np.array(again)
    file.seek(place)
    return lower
