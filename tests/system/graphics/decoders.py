"""Decoders of terminal graphics, written from the protocols' documents alone: what a terminal would draw."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]


def xterm_colour(index: int) -> tuple[int, int, int]:
    """A colour of xterm's palette of 256, from 16 on: the formula of xterm's 256colres.pl."""
    if index >= 232:
        return (8 + 10 * (index - 232),) * 3
    red, rest = divmod(index - 16, 36)
    return tuple(40 * level + 55 if level else 0 for level in (red, *divmod(rest, 6)))  # type: ignore[return-value]


def block_colours(line: str) -> tuple[list[tuple[int, ...] | None], list[tuple[int, ...] | None]]:
    """The colours of the upper and the lower pixels of a line; None where the terminal's own shows."""
    above: list[tuple[int, ...] | None] = []
    below: list[tuple[int, ...] | None] = []
    front: tuple[int, ...] | None = None
    back: tuple[int, ...] | None = None
    for codes, character in re.findall(r"\x1b\[([\d;]*)m|(.)", line):
        if character:
            assert character == "\u2580"
            above.append(front)
            below.append(back)
            continue
        numbers = [int(code or 0) for code in codes.split(";")]
        while numbers:
            code = numbers.pop(0)
            if code == 0:
                front = back = None
                continue
            if numbers.pop(0) == 2:
                colour, numbers = tuple(numbers[:3]), numbers[3:]
            else:
                colour = xterm_colour(numbers.pop(0))
            if code == 38:
                front = colour
            else:
                assert code == 48
                back = colour
    assert front is None, "the colours are left on at the end of the line"
    assert back is None
    return above, below


def blocks(lines: list[str]) -> Pixels:
    """The pixels [2 x lines, W, 3]; where the terminal's own colour shows, 128."""
    rows = [row for line in lines for row in block_colours(line)]
    return np.array([[colour or (128, 128, 128) for colour in row] for row in rows], np.uint8)


def kitty(text: str) -> tuple[dict[str, str], Pixels]:
    """The keys of the first command and the picture that all pieces make up."""
    commands = re.findall(r"\x1b_G([^;\x1b]*);([^\x1b]*)\x1b\\", text)
    assert "".join(f"\x1b_G{keys};{data}\x1b\\" for keys, data in commands) == text
    keys = [dict(part.split("=") for part in each.split(",")) for each, _ in commands]
    assert [each["m"] for each in keys] == ["1"] * (len(keys) - 1) + ["0"]
    assert all(len(data) <= 4096 and (len(data) % 4 == 0) for _, data in commands)
    return keys[0], _png("".join(data for _, data in commands))


def iterm2(text: str) -> tuple[dict[str, str], Pixels]:
    """The arguments and the picture."""
    found = re.fullmatch(r"\x1b\]1337;File=([^:]*):([A-Za-z0-9+/=]*)\x07", text)
    assert found
    keys = dict(part.split("=") for part in found[1].split(";"))
    assert int(keys["size"]) == len(base64.b64decode(found[2]))
    return keys, _png(found[2])


def sixel(text: str) -> Pixels:
    """The pixels [H, W, 3]; those that nothing was drawn on are magenta."""
    found = re.fullmatch(r"\x1bP([\d;]*)q(.*)\x1b\\", text, re.DOTALL)
    assert found
    body = found[2]
    size = re.match(r'"1;1;(\d+);(\d+)', body)
    assert size
    width, height = int(size[1]), int(size[2])
    canvas = np.empty((height + 6, width, 3), np.uint8)
    canvas[:] = 255, 0, 255
    palette: dict[int, tuple[int, ...]] = {}
    column, top, colour = 0, 0, -1

    def paint(value: int, times: int) -> None:
        nonlocal column
        assert 0 <= value < 64
        for row in range(6):
            if value >> row & 1:
                canvas[top + row, column : column + times] = palette[colour]
        column += times
        assert column <= width

    pattern = r"#(\d+);2;(\d+);(\d+);(\d+)|#(\d+)|!(\d+)([?-~])|([?-~])|(\$)|(-)"
    position = size.end()
    while position < len(body):
        part = re.compile(pattern).match(body, position)
        assert part, body[position : position + 20]
        position = part.end()
        if part[1]:
            palette[int(part[1])] = tuple(round(int(part[i]) * 2.55) for i in (2, 3, 4))
        elif part[5]:
            colour = int(part[5])
        elif part[6]:
            paint(ord(part[7]) - 63, int(part[6]))
        elif part[8]:
            paint(ord(part[8]) - 63, 1)
        elif part[9]:
            column = 0
        else:
            column, top = 0, top + 6
    assert (canvas[height:] == (255, 0, 255)).all(), "drawn below the picture"
    return canvas[:height]


def _png(data: str) -> Pixels:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(data, validate=True))).convert("RGB"))


Decoder = Callable[[str], Pixels]
