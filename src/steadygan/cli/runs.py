"""``steadygan runs``: a table of the runs and their progress."""

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
    parser.add_argument("folder", nargs="?", default=str(RUNS), metavar="DIR", help=f"their folder (default: {RUNS}/)")
    root = Path(parser.parse(arguments).folder)
    if root != RUNS and not root.is_dir():
        raise UsageError(f"there is no folder '{root}'")
    folders = list_runs(root)
    if not folders:
        print(f"there is no run in {root}/ yet: 'steadygan train' makes one")
        return 0
    rows = [HEAD, *(_row(path) for path in folders)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _row(path: Path) -> tuple[str, ...]:
    try:
        loaded = Run(path)
        source = loaded.recipe.data.source
        done, rounds = loaded.rounds_done, loaded.recipe.rounds
        data = Path(source).name if os.sep in source else source
        state = "finished" if loaded.finished else "unfinished"
        return path.name, loaded.recipe.name, data, f"{done:,}/{rounds:,}", state, age(time.time() - loaded.modified)
    except (SteadyganError, OSError) as error:  # a damaged run must not hide the others
        return path.name, "?", "?", "?", f"unreadable: {' '.join(str(error).split())}", "?"


def age(seconds: float) -> str:
    """A time span as one number with a unit: '5 min'."""
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
