"""The figures of a study as PNG files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steadygan.errors import in_one_line
from steadygan.studies import layout
from steadygan.studies.study import Plot
from steadygan.system.files import writing, written_aside

_DOTS = 130
"""pixels per inch"""


@dataclass(frozen=True)
class Figure:
    """A figure that was written."""

    name: str
    caption: str
    path: Path


def write_figures(folder: Path, plots: Iterable[Plot]) -> tuple[list[Figure], list[str]]:
    """Writes the figures of a study; gives them, and a line for each that cannot be drawn.

    Raises:
        RunError: if a file cannot be written.
    """
    written: list[Figure] = []
    problems = []
    for plot in plots:
        name = re.sub(r"[^A-Za-z0-9]+", "-", plot.name).strip("-").lower() or "figure"
        if any(each.name == name for each in written):
            name = f"{name}-{len(written) + 1}"
        path = folder / layout.FIGURES / f"{name}.png"
        try:
            with writing(path), written_aside(path) as aside:
                _draw(plot.image, aside)
        except (ValueError, TypeError, AttributeError, IndexError, ArithmeticError) as error:
            problems.append(f"the figure '{plot.name}' cannot be drawn: {in_one_line(error)}")
            continue
        written.append(Figure(name, plot.caption, path))
    return written, problems


def _draw(image: Any, path: Path) -> None:
    """Writes a figure of matplotlib, or a picture of Pillow, as PNG; the same bytes for the same figure."""
    if hasattr(image, "savefig"):
        image.savefig(path, dpi=_DOTS, format="png", metadata={"Software": None})
    else:
        image.save(path, format="PNG")
