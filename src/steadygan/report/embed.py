"""Pictures as data URIs, small enough that a page with dozens of them still opens at once."""

from __future__ import annotations

import base64
import io
import struct
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from PIL import Image

from steadygan.run.layout import picture_round
from steadygan.system.regular import read_regular

T = TypeVar("T")

BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
"""Pillow's refusals of pictures of more pixels than it takes for real"""
_MOST_BYTES = 1 << 28

FRAMES = 24
"""most pictures in the time line"""
SMALL = 60_000
"""bytes below which a picture goes into the page unchanged"""
FRAME_SIDE, LAST_SIDE = 640, 1600
"""pixels to which larger pictures are reduced: those of the time line, and the last one"""


@dataclass(frozen=True)
class Embedded:
    """A picture inside the page."""

    round: int
    uri: str
    text: str
    width: int
    height: int


def embed(path: Path, side: int) -> Embedded | None:
    """The picture as a data URI, with its description as alternative text; None if it cannot be read.

    Small files stay as they are; others are reduced to ``side`` pixels and packed as WebP if that is smaller.
    """
    try:
        content = read_regular(path, _MOST_BYTES)
        with refusing_bombs(), Image.open(io.BytesIO(content)) as image:
            image.load()
            width, height = image.size
            text = str(image.info.get("Description") or f"Samples after round {picture_round(path):,}")
            kind = "png"
            if len(content) > SMALL:
                packed = _packed(image, side)
                if len(packed) < len(content):
                    kind, content = "webp", packed
    except (OSError, ValueError, SyntaxError, struct.error, EOFError, MemoryError, *BOMBS):
        # Pillow raises SyntaxError, and others, for a broken PNG
        return None
    uri = f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
    return Embedded(picture_round(path), uri, text, width, height)


@contextmanager
def refusing_bombs() -> Iterator[None]:
    """Pillow's warning of a picture with very many pixels becomes an error, one of ``BOMBS``."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _packed(image: Image.Image, side: int) -> bytes:
    image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    packed = io.BytesIO()
    image.save(packed, format="WEBP", quality=86, method=4)
    return packed.getvalue()


def spread(items: Sequence[T], most: int = FRAMES) -> list[T]:
    """At most ``most`` of the items, evenly spaced, with the first and the last."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]
