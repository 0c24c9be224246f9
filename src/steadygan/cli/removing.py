"""``steadygan runs --delete`` and ``--clean``: what would go of which run, and how much; then a question."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from steadygan.cli.parser import Parser
from steadygan.errors import SteadyganError, UsageError
from steadygan.run import find_run, is_run, list_runs
from steadygan.run.owner import is_owned, read_owner
from steadygan.run.removal import Removal, superseded, whole
from steadygan.system.terminal import is_terminal
from steadygan.system.words import byte_size


def add_removing(parser: Parser) -> None:
    """Adds the options."""
    add = parser.add_argument
    add("--delete", nargs="+", action="extend", metavar="RUN", help="deletes runs, all that a training wrote of them")
    add(
        "--clean",
        nargs="*",
        action="extend",
        metavar="RUN",
        help="deletes what these runs, or all in DIR, can do without: checkpoints but the last and the best one, "
        "unfinished files, report.html",
    )
    add("--yes", "-y", action="store_true", help="deletes without a question")


def remove(values: argparse.Namespace, root: Path) -> int:
    """Shows what would go, asks, and removes it; returns the exit code."""
    if values.delete is not None and values.clean is not None:
        raise UsageError("--delete and --clean exclude each other; give one of them")
    if values.json:
        raise UsageError("--json is of the list; --delete and --clean print what they do")
    plan = whole if values.delete is not None else superseded
    names = values.clean if values.delete is None else values.delete
    if names:
        plans = [_planned(plan, folder) for folder in _found(names, root)]
    else:
        plans = [each for folder in list_runs(root) if (each := _planned_if_it_can_be(plan, folder))]
    plans = [each for each in plans if each.paths]
    if not plans:
        print("there is nothing to delete")
        return 0
    for line in _lines(plans):
        print(line)
    if not (values.yes or _agreed(sum(each.bytes for each in plans))):
        print("nothing is deleted")
        return 0
    freed = 0
    for each in plans:
        each.carry_out()
        freed += each.bytes
    print(f"{byte_size(freed)} deleted")
    return 0


def _found(names: Sequence[str], root: Path) -> list[Path]:
    """The runs of these names, each once."""
    folders = [root / name if is_run(root / name) else find_run(name) for name in names]
    return list({folder.resolve(): folder for folder in folders if not folder.is_symlink()}.values()) + [
        folder for folder in folders if folder.is_symlink()
    ]


def _planned(plan: Callable[[Path], Removal], folder: Path) -> Removal:
    if is_owned(folder):
        raise UsageError(f"{folder} is being trained by {read_owner(folder) or 'another process'}: nothing is deleted")
    return plan(folder)


def _planned_if_it_can_be(plan: Callable[[Path], Removal], folder: Path) -> Removal | None:
    """The plan of one run among all; a line for one that is left alone."""
    if is_owned(folder):
        print(f"{folder} is being trained: left alone")
        return None
    try:
        return plan(folder)
    except SteadyganError as error:
        print(f"{error}")
        return None


def _lines(plans: Sequence[Removal]) -> list[str]:
    lines = []
    for each in plans:
        lines.append(f"{each.folder}: {each.what}, {byte_size(each.bytes)}")
        if each.foreign:
            names = ", ".join(path.name for path in each.foreign[:5]) + (", …" if each.foreign[5:] else "")
            lines.append(f"  stays: {names}, which no training wrote")
    return lines


def _agreed(total: int) -> bool:
    """Asks a person.

    Raises:
        UsageError: if there is nobody to ask.
    """
    if not is_terminal(sys.stdin):
        raise UsageError(f"{byte_size(total)} would be deleted: --yes deletes without a question")
    print(f"delete {byte_size(total)}? This cannot be undone. [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")
