"""A terminal's screen for tests: the cells that control sequences leave, by ECMA-48 and xterm's colours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tests.system.graphics.decoders import xterm_colour

Colour = tuple[int, ...] | None
PARTS = re.compile(
    r"(?P<string>\x1b[_P][^\x1b]*\x1b\\|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))|\x1b\[(?P<private>\??)(?P<numbers>[\d;]*)(?P<final>[A-Za-z])"
    r"|\x1b(?P<escape>[78])|(?P<character>.)",
    re.DOTALL,
)


@dataclass
class Screen:
    """What a window of a terminal shows, and what has scrolled out of it."""

    height: int
    width: int
    strings: list[tuple[int, str]] = field(default_factory=list)
    """graphics: the line they were drawn at, counted from the first that was ever written, and their sequences"""
    history: list[list[tuple[str, Colour, Colour]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cells = [self._blank() for _ in range(self.height)]
        self.row = self.column = 0
        self.saved = (0, 0)
        self.front: Colour = None
        self.back: Colour = None

    def _blank(self) -> list[tuple[str, Colour, Colour]]:
        return [(" ", None, None)] * self.width

    def feed(self, text: str) -> Screen:
        for part in PARTS.finditer(text):
            if part["string"]:
                self.strings.append((len(self.history) + self.row, part["string"]))
            elif part["final"]:
                self._control(part["final"], part["private"], part["numbers"])
            elif part["escape"] == "7":
                self.saved = self.row, self.column
            elif part["escape"] == "8":
                self.row, self.column = self.saved
            else:
                self._character(part["character"])
        return self

    def _character(self, character: str) -> None:
        if character == "\r":
            self.column = 0
        elif character == "\n":
            self._down()
        else:
            assert character.isprintable(), repr(character)
            if self.column >= self.width:
                self.column = 0
                self._down()
            self.cells[self.row][self.column] = character, self.front, self.back
            self.column += 1

    def _down(self) -> None:
        self.row += 1
        if self.row == self.height:
            self.history.append(self.cells.pop(0))
            self.cells.append(self._blank())
            self.row -= 1

    def _control(self, final: str, private: str, numbers: str) -> None:
        number = int(numbers.split(";")[0] or 1) if not private else 0
        if private:
            assert final in "hl"
        elif final == "A":
            self.row = max(0, self.row - number)
        elif final == "B":
            self.row = min(self.height - 1, self.row + number)
        elif final == "K":
            assert numbers == "2"
            self.cells[self.row] = self._blank()
        elif final == "J":
            assert not numbers
            self.cells[self.row][self.column :] = [(" ", None, None)] * (self.width - self.column)
            self.cells[self.row + 1 :] = [self._blank() for _ in self.cells[self.row + 1 :]]
        else:
            assert final == "m", final
            self._colours([int(code or 0) for code in numbers.split(";")])

    def _colours(self, codes: list[int]) -> None:
        while codes:
            code = codes.pop(0)
            if code == 0:
                self.front = self.back = None
            elif code in (38, 48):
                if codes.pop(0) == 2:
                    colour, codes = tuple(codes[:3]), codes[3:]
                else:
                    index = codes.pop(0)
                    colour = xterm_colour(index) if index >= 16 else (index,) * 3
                if code == 38:
                    self.front = colour
                else:
                    self.back = colour

    @property
    def lines(self) -> list[str]:
        """The text of all lines that were ever written, from the first."""
        return ["".join(cell[0] for cell in row).rstrip() for row in [*self.history, *self.cells]]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def pixels(self) -> NDArray[np.uint8]:
        """Two pixels a cell [2 x lines, W, 3] of all lines: those of half blocks; 0 elsewhere."""
        rows = [
            [(cell[ground] or (0, 0, 0)) if cell[0] == "\u2580" else (0, 0, 0) for cell in row]
            for row in [*self.history, *self.cells]
            for ground in (1, 2)
        ]
        return np.array(rows, np.uint8)
