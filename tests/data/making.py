"""Generated pictures and folders."""

from __future__ import annotations

import gzip
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def colours(count: int, size: int = 16, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """Smooth random pictures [count, H, W, C], all different."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(0, 256, (count, 4, 4, channels), dtype=np.uint8)
    factor = -(-size // 4)
    return coarse.repeat(factor, axis=1).repeat(factor, axis=2)[:, :size, :size]


def picture(place: int = 0, size: tuple[int, int] = (16, 16), mode: str = "RGB") -> Image.Image:
    """One picture (width, height) of a Pillow mode."""
    image = Image.fromarray(colours(1, 16, 3, seed=place)[0]).resize(size, Image.Resampling.NEAREST)
    return image if mode == "RGB" else image.convert(mode)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """The bytes of a picture file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def fill(folder: Path, count: int = 20, size: tuple[int, int] = (16, 16), start: int = 0) -> Path:
    """A folder of ``count`` different PNG pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    for place in range(start, start + count):
        picture(place, size).save(folder / f"{place:03d}.png")
    return folder


def idx(array: NDArray[np.uint8], packed: bool = False) -> bytes:
    """An array as an idx file."""
    head = struct.pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape)
    content = head + array.tobytes()
    return gzip.compress(content) if packed else content
