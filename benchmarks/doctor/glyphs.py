"""Letters A to J of the fonts that come with matplotlib, rendered small, with shifts, sizes and slants of their own."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

LETTERS = "ABCDEFGHIJ"
_FONTS = (
    *("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono", "DejaVuSansMono-Bold", "DejaVuSerif"),
    *("DejaVuSerif-Bold", "DejaVuSerif-Italic", "STIXGeneral", "STIXGeneralBol", "STIXGeneralItalic", "cmr10"),
    *("cmb10", "cmss10", "cmtt10"),
)


def draw_glyphs(rng: np.random.Generator, count: int, size: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """``count`` white letters on black, uint8 [count, 1, size, size], and their classes, all equally likely."""
    labels = rng.integers(0, len(LETTERS), count)
    images = np.empty((count, 1, size, size), np.uint8)
    for index, label in enumerate(labels):
        images[index, 0] = _glyph(LETTERS[label], rng, size)
    return images, labels.astype(np.int64)


def _glyph(letter: str, rng: np.random.Generator, size: int) -> NDArray[np.uint8]:
    from PIL import Image, ImageDraw

    big = 4 * size
    image = Image.new("L", (big, big), 0)
    font = _font(_FONTS[rng.integers(len(_FONTS))], int(big * rng.uniform(0.75, 0.95)))
    middle = big / 2 + rng.uniform(-0.06, 0.06, 2) * big
    ImageDraw.Draw(image).text(tuple(middle), letter, fill=255, font=font, anchor="mm")
    turned = image.rotate(rng.uniform(-8, 8), Image.Resampling.BILINEAR)
    return np.asarray(turned.resize((size, size), Image.Resampling.BOX), dtype=np.uint8)


@lru_cache(maxsize=512)
def _font(name: str, pixels: int):  # type: ignore[no-untyped-def]
    import matplotlib
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf"), pixels)
