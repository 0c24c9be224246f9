"""A comparison as one self-contained HTML page: the table, and each run's last picture or lines."""

from __future__ import annotations

from pathlib import Path

from steadygan.errors import UsageError
from steadygan.evaluation.comparison import Comparison
from steadygan.evaluation.tables import DIRECTIONS, cell_text, seeds
from steadygan.report.embed import FRAME_SIDE, Embedded, embed
from steadygan.report.lines import Lines, shown_lines
from steadygan.run.layout import list_lines, list_pictures
from steadygan.system.escapes import page_text
from steadygan.system.files import writing, written_aside
from steadygan.system.page_template import page_template
from steadygan.system.words import number

LINES = 20
"""of text shown of a run"""


def write_comparison(comparison: Comparison, path: Path) -> Path:
    """Write the page; gives its path.

    Raises:
        UsageError: for another ending than .html.
        RunError: where it cannot be written.
    """
    if path.suffix.lower() not in (".html", ".htm"):
        raise UsageError(f"a comparison is written as .html, got '{path}'")
    text = page_of(comparison)
    with writing(path), written_aside(path) as aside:
        aside.write_bytes(page_text(text).encode())
    return path


def page_of(comparison: Comparison) -> str:
    """The page's HTML."""
    lines = [
        {
            "metric": line.metric,
            "cells": [(cell_text(cell, False), index == line.winner) for index, cell in enumerate(line.cells)],
            "floor": "" if line.floor is None else number(line.floor),
            "better": DIRECTIONS[line.better],
            "features": line.features,
        }
        for line in comparison.lines
    ]
    pictures = [
        [(folder.name, seed, _picture(folder)) for folder, seed in zip(group.runs, group.seeds, strict=True)]
        for group in comparison.groups
    ]
    return page_template("steadygan.evaluation").render(
        groups=[f"{group.name}, {seeds(len(group.runs))}" for group in comparison.groups],
        lines=lines,
        pictures=pictures,
        provenance=comparison.provenance,
        notes=comparison.notes,
    )


def _picture(folder: Path) -> Embedded | Lines | None:
    """The last picture or lines of a run; None without any."""
    if texts := list_lines(folder):
        return shown_lines(texts[-1], most=LINES)
    pictures = list_pictures(folder)
    return embed(pictures[-1], FRAME_SIDE) if pictures else None
