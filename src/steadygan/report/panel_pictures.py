"""The newest samples in a terminal, above a live panel and redrawn in place."""

from __future__ import annotations

import os
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderHook, RenderResult
from rich.control import Control
from rich.live_render import LiveRender
from rich.segment import ControlType, Segment

from steadygan.data.numbers.drawing import as_pictures
from steadygan.report.tiles import Box, tiled
from steadygan.system.graphics import blocks, iterm2, kitty, sixel
from steadygan.system.graphics.choice import Protocol, has_exact_colours
from steadygan.training.observers import Picture

MOST_LINES, LEAST_LINES = 20, 4
"""of the terminal that a picture takes"""
BELOW = 8
"""lines of the window that are left to the panel and the line that was typed"""
MOST_PIXELS = (480, 1600)
"""height and width of a picture in screen pixels: what is sent, perhaps over a slow line, stays below some 2 MB"""
_USUAL_CELL = (12, 6)
"""height and width of a cell in pixels if the terminal does not say: of small ones, so that pictures are not larger"""


class Drawn:
    """A renderable of control sequences that the encoders of ``steadygan.system.graphics`` have made.

    It passes a console unescaped, so no text of data or files may stand in it.
    """

    def __init__(self, sequences: str) -> None:
        self.sequences = sequences

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield Segment(self.sequences, None, [(ControlType.CARRIAGE_RETURN,)])


class PanelPictures(RenderHook):
    """Draws a grid of samples above the live display of a console, and keeps it there when lines are printed.

    It is a hook behind the display's own: whatever is printed passes here, between the way up to the display's first
    line and the display itself.
    """

    def __init__(self, console: Console, protocol: Protocol, *, exact: bool | None = None) -> None:
        """
        Args:
            console: whose live display has begun
            protocol: by which pictures are drawn
            exact: 24-bit colours of half blocks; None: as the terminal says
        """
        self._console, self._protocol = console, protocol
        self._exact = has_exact_colours(os.environ) if exact is None else exact
        self._samples: NDArray[np.uint8] | None = None
        self._waiting = False
        self._size: tuple[int, int] | None = None
        self._number = os.getpid() % (1 << 24) + 1  # two runs in one window have a picture each
        self._drawn: tuple[str, int] | None = None
        """the sequences on the screen, and the lines that they take"""

    def show(self, picture: Picture) -> None:
        """Takes the samples, which the next refresh of the display draws; none of text, points and signals."""
        samples = shown_samples(picture)
        if samples is not None:
            self._samples, self._waiting = samples, True

    def process_renderables(self, renderables: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
        """What is printed, with the picture as its neighbour below."""
        if self._samples is None or not isinstance(renderables[-1], LiveRender):
            return renderables
        size = self._console.width, self._console.height
        prints = any(not isinstance(each, Control) for each in renderables[1:-1])
        if not (prints or self._waiting or size != self._size):
            return renderables
        way_up = self._way_up(size)
        if self._waiting or size != self._size:
            self._waiting, self._size = False, size
            self._drawn = self._draw(self._samples)
        picture = self._drawn[0] if self._drawn else ""
        first, *printed, display = renderables
        return [first, Drawn(way_up), *printed, Drawn(picture), display]

    def _way_up(self, size: tuple[int, int]) -> str:
        """To the picture's first line, erasing it; '' if the window changed, in which nothing stands where it stood."""
        if self._drawn is None or (self._size is not None and (size[0] < self._size[0] or size[1] < self._size[1])):
            return ""
        removed = kitty.removed(self._number) if self._protocol == "kitty" else ""  # it is none of the cells
        return f"\x1b[{self._drawn[1]}A\r\x1b[J{removed}"

    def _draw(self, samples: NDArray[np.uint8]) -> tuple[str, int] | None:
        width, height = self._console.width, self._console.height
        lines = min(MOST_LINES, height - BELOW)
        if lines < LEAST_LINES or width < 2:
            return None
        if self._protocol == "blocks":
            pixels = tiled(samples, Box(2 * lines, width - 1, gap=1, least=12))
            shown = blocks.lines(pixels, exact=self._exact)
            return "".join(f"{line}\n" for line in shown), len(shown)
        cell = cell_size(self._console)
        box = Box(min(lines * cell[0], MOST_PIXELS[0]), min((width - 1) * cell[1], MOST_PIXELS[1]))
        pixels = tiled(samples, box)
        rows = -(-pixels.shape[0] // cell[0])
        columns = max(1, pixels.shape[1] // cell[1])  # rounded down, so that it is no higher than its rows
        if self._protocol == "kitty":
            encoded = kitty.shown(pixels, columns, self._number)
        elif self._protocol == "iterm2":
            encoded = iterm2.shown(pixels, columns, rows)
        else:
            encoded = sixel.shown(pixels)
        # room first, so that nothing scrolls while the picture is drawn; where it leaves the cursor is not needed
        room = "\n" * rows + f"\x1b[{rows}A"
        return f"{room}\x1b7{encoded}\x1b8\x1b[{rows}B\r", rows


def shown_samples(picture: Picture) -> NDArray[np.uint8] | None:
    """The samples as images [N, 1 to 4, H, W]; None for text, points and signals."""
    samples: NDArray[Any] = picture.samples
    if picture.lines is not None or samples.ndim < 4 or not samples.size:
        return None
    if samples.ndim == 5 or samples.dtype != np.uint8:
        return as_pictures(samples)
    return samples if samples.shape[1] <= 4 else samples[:, :3]


def cell_size(console: Console) -> tuple[int, int]:
    """Height and width of a character's cell in pixels."""
    try:
        import fcntl
        import termios

        asked = fcntl.ioctl(console.file.fileno(), termios.TIOCGWINSZ, bytes(8))
    except (ImportError, OSError, ValueError, AttributeError):
        return _USUAL_CELL
    lines, columns, width, height = struct.unpack("4H", asked)
    if not (lines and columns and width >= columns and height >= lines):
        return _USUAL_CELL
    return height // lines, width // columns
