"""``steadygan runs``: what there is, and how far it came."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from steadygan.cli.parser import Parser
from steadygan.errors import SteadyganError, UsageError
from steadygan.run import RUNS, Run, list_runs

HEAD = ("name", "recipe", "data", "rounds", "state", "age")


def run(arguments: Sequence[str]) -> int:
    """Prints a table, the newest run last."""
    parser = Parser("runs", "Lists the runs, the newest last.")
    parser.add_argument(
        "folder", nargs="?", default=str(RUNS), metavar="DIR", help=f"where they are (default: {RUNS}/)"
    )
    root = Path(parser.parse(arguments).folder)
    if root != RUNS and not root.is_dir():
        raise UsageError(f"there is no folder '{root}'")
    found = list_runs(root)
    if not found:
        print(f"there is no run in {root}/ yet: 'steadygan train' makes one")
        return 0
    rows = [HEAD, *(_row(path) for path in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _row(path: Path) -> tuple[str, ...]:
    try:
        found = Run(path)
        source = found.recipe.data.source
        done, rounds = found.rounds_done, found.recipe.rounds
        data = Path(source).name if os.sep in source else source
        state = "finished" if found.finished else "unfinished"
        return path.name, found.recipe.name, data, f"{done:,}/{rounds:,}", state, age(time.time() - found.modified)
    except (SteadyganError, OSError) as error:  # one damaged run must not hide the others
        return path.name, "?", "?", "?", f"unreadable: {' '.join(str(error).split())}", "?"


def age(seconds: float) -> str:
    """How long ago, in one number: '5 min'."""
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
