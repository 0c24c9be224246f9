"""Transparency of a set: whether its pictures use their alpha channels, and so whether these are kept."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from steadygan.data.images.decode import Payload, opened, quiet_pillow
from steadygan.data.images.depth import Unreadable
from steadygan.data.images.keyed import alpha_of, load
from steadygan.data.images.pictures import Pictures
from steadygan.data.images.scan import Scan, natural_channels
from steadygan.system.cache import read_json, write_json
from steadygan.types import has_alpha

if TYPE_CHECKING:
    from steadygan.data.options import Alpha

LOOKED_AT = 256
"""pictures, evenly spread, that are decoded to find out whether a set uses its alpha channels"""
ENOUGH = 0.05
"""share of pictures with transparent pixels from which on 'auto' keeps alpha: a few strays do not change a whole set"""
_OPAQUE_FORMATS = {"JPEG", "MPO", "BMP", "PPM"}
"""whose mode tells whether there is alpha"""
_VERSION = 2


def is_transparent(payload: Payload) -> bool:
    """True for a picture with a pixel that is not opaque. Raises Unreadable."""
    if isinstance(payload, np.ndarray):
        return has_alpha(len(payload)) and bool((payload[-1] < 255).any())
    with opened(payload) as image:
        if not image.has_transparency_data and image.mode not in ("La", "RGBa"):
            return False
        load(image)
        lowest, _ = alpha_of(image).getextrema()
        return bool(isinstance(lowest, int | float) and lowest < 255)


def transparent_share(pictures: Pictures, scan: Scan, root: Path) -> float:
    """Share of the pictures with transparent pixels, of at most 256 that are looked at, evenly spread.

    What is found is kept in the cache at ``root``, as large files take long to decode.
    """
    in_mode = bool(scan.formats) and all(name.split(" ")[0] in _OPAQUE_FORMATS for name, _ in scan.formats)
    if in_mode and not any(mode.endswith(("A", "a")) for mode, _ in scan.modes):
        return 0.0
    key = hashlib.blake2b(f"{_VERSION} {LOOKED_AT} {scan.content}".encode(), digest_size=16).hexdigest()
    path = root / "scans" / f"{key}.json"
    known = None if pictures.in_memory else read_json(path)
    if isinstance(known, int | float) and 0 <= known <= 1:
        return float(known)
    seen = transparent = 0
    with quiet_pillow():
        for payload in _spread(pictures):
            with contextlib.suppress(Unreadable):
                transparent += is_transparent(payload)
                seen += 1
    share = transparent / seen if seen else 0.0
    if not pictures.in_memory:
        with contextlib.suppress(OSError):  # only saves time
            write_json(path, share)
    return share


def _spread(pictures: Pictures) -> Iterator[Payload]:
    return islice(pictures.read(), 0, None, -(-pictures.count // LOOKED_AT) or 1)


def channels_of(wanted: int | None, alpha: Alpha, pictures: Pictures, scan: Scan, root: Path) -> tuple[int, bool]:
    """Channels of the pictures, and whether their transparency is kept.

    Args:
        wanted: channels that were asked for; None follows the pictures
        alpha: the option of this name
        pictures: of the training split
        scan: of them
        root: folder of the cache
    """
    plain = wanted or natural_channels(scan)
    if alpha == "white" or wanted in (1, 3):
        return plain, False
    if wanted is not None:
        return wanted, True
    kept = alpha == "keep" or transparent_share(pictures, scan, root) >= ENOUGH
    return (4, True) if kept else (plain, False)
