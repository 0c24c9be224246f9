"""Generated lines of text: as files, and as people read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from steadygan.report.record import picture_round
from steadygan.system.files import written_aside
from steadygan.system.words import visible

SHOWN = 64
"""lines of a list in a page"""


@dataclass(frozen=True)
class Lines:
    """The lines of a round as they stand in a page."""

    round: int
    lines: tuple[str, ...]
    """without control characters"""


def lines_path(folder: Path, round_: int) -> Path:
    """Where a run keeps the lines of a round."""
    return folder / "samples" / f"{round_:06d}.txt"


def save_lines(lines: Sequence[str], path: Path) -> Path:
    """Write one sample a line, as UTF-8, and give the path back."""
    with written_aside(path) as aside:
        aside.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")
    return path


def shown_lines(path: Path, most: int = SHOWN) -> Lines | None:
    """The first lines of a file that ``save_lines`` wrote; None where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return Lines(picture_round(path), tuple(visible(line) for line in text.split("\n")[:-1][:most]))
