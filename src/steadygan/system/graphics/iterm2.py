"""The inline images of iTerm2, which WezTerm and others share: a whole PNG file in base64.

Source: https://iterm2.com/documentation-images.html
"""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from steadygan.system.graphics.png import png_bytes


def shown(pixels: NDArray[np.uint8], columns: int, rows: int) -> str:
    """Draws a picture at the cursor, fitted to so many cells.

    pixels: uint8 [H, W, 3]. A terminal that does not know ``doNotMoveCursor`` leaves the cursor behind the picture.
    """
    file = png_bytes(pixels)
    data = base64.standard_b64encode(file).decode("ascii")
    keys = f"size={len(file)};width={columns};height={rows};preserveAspectRatio=1;inline=1;doNotMoveCursor=1"
    return f"\x1b]1337;File={keys}:{data}\x07"
