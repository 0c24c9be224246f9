"""The graphics protocol of kitty, which ghostty and Konsole share: PNG files in base64, in pieces of 4,096 characters.

Source: https://sw.kovidgoyal.net/kitty/graphics-protocol/
"""

from __future__ import annotations

import base64

import numpy as np
from numpy.typing import NDArray

from steadygan.system.graphics.png import png_bytes

PIECE = 4096


def shown(pixels: NDArray[np.uint8], columns: int, number: int) -> str:
    """Draws a picture at the cursor, which stays where it is; the earlier picture of the number is replaced.

    Args:
        pixels: uint8 [H, W, 3]
        columns: cells that the picture is as wide as; its height follows
        number: from 1, of the picture in the terminal; the terminal is asked for no answer, which would look typed
    """
    data = base64.standard_b64encode(png_bytes(pixels)).decode("ascii")
    pieces = [data[start : start + PIECE] for start in range(0, len(data), PIECE)]
    keys = f"a=T,f=100,t=d,i={number},p=1,q=2,C=1,c={columns},"
    commands = []
    for index, piece in enumerate(pieces):
        more = int(index + 1 < len(pieces))
        commands.append(f"\x1b_G{keys if index == 0 else 'q=2,'}m={more};{piece}\x1b\\")
    return "".join(commands)


def removed(number: int) -> str:
    """Deletes the picture of a number, and frees its memory in the terminal."""
    return f"\x1b_Ga=d,d=I,i={number},q=2;\x1b\\"
