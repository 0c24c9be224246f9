"""``steadygan runs``: a table of the runs, their progress, state and size; or what of them can go."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from steadygan import recipe as recipes
from steadygan.cli.as_json import add_json, print_json
from steadygan.cli.parser import Parser
from steadygan.cli.removing import add_removing, remove
from steadygan.errors import SteadyganError, UsageError
from steadygan.run import RUNS, Run, is_run, layout, list_runs
from steadygan.run.removal import bytes_of
from steadygan.run.state import run_state
from steadygan.system.escapes import escaped
from steadygan.system.terminal import is_terminal, raw_of, width_of
from steadygan.system.words import byte_size, cells, shortened

HEAD = ("name", "recipe", "data", "rounds", "state", "size", "age")
GAP = 2
LEFT_OUT = ("data", "recipe", "size", "age")
"""columns that a narrow terminal loses, in this order"""
SHORTENED = {"data": 8, "recipe": 8, "name": 12}
"""columns whose texts are shortened, each to no less than this, before another one is lost"""


def run(arguments: Sequence[str]) -> int:
    """Prints a table, the newest run last."""
    parser = Parser("runs", "Lists the runs, the newest last: running, finished, interrupted or damaged.")
    parser.add_argument("folder", nargs="?", default=str(RUNS), metavar="DIR", help=f"their folder (default: {RUNS}/)")
    add_json(parser)
    add_removing(parser)
    values = parser.parse(arguments)
    root = Path(values.folder)
    if is_run(root):
        raise UsageError(f"'{root}' is a run; 'steadygan runs {root.parent}' lists it with the others of its folder")
    if root != RUNS and not root.is_dir():
        run_of_name = (
            f"; the run of this name is in {RUNS}/, which 'steadygan runs' lists" if is_run(RUNS / root) else ""
        )
        raise UsageError(f"there is no folder '{root}'{run_of_name}")
    if values.delete is not None or values.clean is not None:
        return remove(values, root)
    if values.yes:
        raise UsageError("--yes goes with --delete or --clean")
    folders = list_runs(root)
    if values.json:
        print_json("runs", map(line_of, folders))
        return 0
    if not folders:
        print(f"there is no run in {root}/ yet: 'steadygan train' makes one")
        return 0
    stream = raw_of(sys.stdout)
    width = width_of(stream) if is_terminal(stream) else None
    print("\n".join(table([HEAD, *(line_of(path).cells for path in folders)], width)))
    return 0


def table(rows: Sequence[Sequence[str]], width: int | None = None) -> list[str]:
    """Rows below their head, aligned; in a given width long texts are shortened, then columns are left out."""
    names = list(rows[0])
    columns = {name: [escaped(row[index]) for row in rows] for index, name in enumerate(names)}
    widths = {name: max(map(cells, column)) for name, column in columns.items()}
    if width is not None:
        for lost in (None, *LEFT_OUT):
            if lost is not None:
                widths.pop(lost)
            if _least(widths) <= width:
                break
        _shrink(widths, width)
    lines = []
    for index in range(len(rows)):
        texts = ((shortened(columns[name][index], wide), wide) for name, wide in widths.items())
        lines.append((" " * GAP).join(text + " " * (wide - cells(text)) for text, wide in texts).rstrip())
    return lines


def _total(widths: dict[str, int]) -> int:
    return sum(widths.values()) + GAP * (len(widths) - 1)


def _least(widths: dict[str, int]) -> int:
    """The columns' width with all texts as short as they may be."""
    return _total({name: min(wide, SHORTENED.get(name, wide)) for name, wide in widths.items()})


def _shrink(widths: dict[str, int], width: int) -> None:
    """Takes from the widest of the texts that may be shortened, until the columns fit or nothing is left to take."""
    while _total(widths) > width:
        able = [name for name in widths if name in SHORTENED and widths[name] > SHORTENED[name]]
        if not able:
            return
        widths[max(able, key=lambda name: widths[name])] -= 1


@dataclass(frozen=True)
class Line:
    """One run as the list has it; what cannot be read of a damaged one is None."""

    name: str
    folder: Path
    recipe: str | None
    data: str | None
    """its source"""
    rounds_done: int | None
    rounds: int | None
    state: str
    bytes: int
    modified: float | None
    """seconds since the epoch"""

    @property
    def cells(self) -> tuple[str, ...]:
        """The line of a table."""
        size = byte_size(self.bytes)
        if self.recipe is None or self.data is None or self.modified is None:
            return self.name, "?", "?", "?", self.state, size, "?"
        data = Path(self.data).name if os.sep in self.data else self.data
        changed = age(time.time() - self.modified)
        return self.name, self.recipe, data, f"{self.rounds_done:,}/{self.rounds:,}", self.state, size, changed


def line_of(path: Path) -> Line:
    """What is listed of a run."""
    size = bytes_of(path)
    try:
        loaded, state = Run(path), run_state(path)
        recipe, done = recipes.load(path / layout.RECIPE, leave_own=True), loaded.rounds_done
        return Line(path.name, path, recipe.name, recipe.data.source, done, recipe.rounds, state, size, loaded.modified)
    except (SteadyganError, OSError):  # a damaged run must not hide the others
        return Line(path.name, path, None, None, None, None, "damaged", size, None)


def age(seconds: float) -> str:
    """A time span as one number with a unit: '5 min'."""
    for unit, length in (("days", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
