"""Generated lines of text: files of them, and excerpts for the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from steadygan.run.layout import picture_round
from steadygan.system.files import written_aside
from steadygan.system.regular import read_regular
from steadygan.system.words import visible

SHOWN = 64
"""most lines of a round in the report"""
_MOST_BYTES = 1 << 28


@dataclass(frozen=True)
class Lines:
    """An excerpt of a round's lines for the report."""

    round: int
    lines: tuple[str, ...]
    """without control characters"""


def save_lines(lines: Sequence[str], path: Path) -> Path:
    """Write one sample a line, as UTF-8; returns the path."""
    with written_aside(path) as aside:
        aside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return path


def shown_lines(path: Path, most: int = SHOWN) -> Lines | None:
    """The first lines of a file that ``save_lines`` wrote; None if it cannot be read."""
    try:
        text = read_regular(path, _MOST_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return None
    return Lines(picture_round(path), tuple(visible(line) for line in text.split("\n")[:-1][:most]))
