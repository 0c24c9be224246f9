"""The files of a run that the page may read: regular ones inside its folder, links out of it left aside."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from pathlib import Path

from steadygan.system.regular import read_regular

PICTURE_BYTES = 1 << 26
"""of a picture that is served"""
PIXELS = 1 << 26
"""of a picture that is decoded for its thumbnail"""
SIDE = 168
"""longest side of a thumbnail: 84 pixels of the page at twice the density"""
_PNG = b"\x89PNG\r\n\x1a\n"


def inside(folder: Path, path: Path | str) -> Path | None:
    """The real path of a regular file of a run; None for what lies outside of its folder, by links too.

    Args:
        folder: of the run, absolute
        path: absolute, or below the folder
    """
    try:
        real, root = (folder / path).resolve(strict=True), folder.resolve(strict=True)
        return real if real.is_relative_to(root) and real.is_file() else None
    except (OSError, ValueError, RuntimeError):
        return None


def read_inside(folder: Path, path: Path | str, limit: int) -> bytes | None:
    """The content of a file of a run; None for one outside, a missing and a larger one."""
    found = inside(folder, path)
    try:
        return None if found is None else read_regular(found, limit)
    except OSError:
        return None


def png(folder: Path, path: Path) -> bytes | None:
    """A picture of a run; None for what is no PNG of it."""
    content = read_inside(folder, path, PICTURE_BYTES)
    return content if content is not None and content.startswith(_PNG) else None


class Thumbnails:
    """Small pictures, of which the last ones are kept."""

    def __init__(self, most: int = 400) -> None:
        self._most = most
        self._made: OrderedDict[tuple[Path, int], bytes] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, folder: Path, path: Path) -> bytes | None:
        """A picture of a run, small; None for what is no PNG of it."""
        found = inside(folder, path)
        if found is None:
            return None
        try:
            key = found, found.stat().st_mtime_ns
        except OSError:
            return None
        with self._lock:  # one at a time: a list of runs asks for all of them at once
            made = self._made.pop(key, None) or thumbnail(png(folder, path))
            if made is not None:
                self._made[key] = made
                while len(self._made) > self._most:
                    self._made.popitem(last=False)
            return made


def thumbnail(content: bytes | None) -> bytes | None:
    """A PNG whose longest side is ``SIDE`` pixels at most; None for one that cannot be decoded."""
    from PIL import Image

    if content is None:
        return None
    try:
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.width * image.height > PIXELS:
                return None
            small = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, MemoryError):
        return None
    # a grid of samples is cut to its first ones, which can be seen at this size
    small = small.crop((0, 0, min(small.width, 2 * SIDE), min(small.height, 2 * SIDE)))
    small.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    small.save(out, "PNG")
    return out.getvalue()
