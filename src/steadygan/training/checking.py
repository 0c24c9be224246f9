"""Checking a run: every file of its folder against its hash, and against what the recipe builds."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch

from steadygan import recipe as recipes
from steadygan.errors import SteadyganError, UsageError
from steadygan.kinds import Kind
from steadygan.recipe import Recipe
from steadygan.run import layout
from steadygan.run.checkpoints import CheckpointState, damage, read_state
from steadygan.run.data_facts import DataFacts
from steadygan.run.environment import Environment
from steadygan.run.history import BY_HAND, DAMAGED, differences, history_lines, shown
from steadygan.run.marks import Marks, marked_damage, read_marks
from steadygan.run.owner import is_owned
from steadygan.run.records import numbered_lines, record_damage
from steadygan.training.checkpoint import load_checkpoint
from steadygan.training.step.game import Game

State = Literal["whole", "readable", "changed", "damaged"]
"""its hash is right; it has none, but can be read; edited by hand; not what was written, or not readable"""


@dataclass(frozen=True)
class Finding:
    """The state of a file or a checkpoint."""

    name: str
    """inside the run's folder"""
    state: State
    note: str = ""
    """one line"""


@dataclass(frozen=True)
class Report:
    """What ``check_run`` found."""

    folder: Path
    findings: tuple[Finding, ...]
    changes: tuple[str, ...]
    """the history of the run, a line each"""
    newest_whole: int | None
    """round of the last checkpoint that is not damaged"""

    @property
    def whole(self) -> bool:
        """True if nothing is damaged."""
        return all(finding.state != "damaged" for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {
            "folder": str(self.folder),
            "whole": self.whole,
            "newest_whole_checkpoint": self.newest_whole,
            "files": [dataclasses.asdict(finding) for finding in self.findings],
            "changes": list(self.changes),
        }


def check_run(folder: Path, kinds: Iterable[Kind] = ()) -> Report:
    """Looks at each file of a run, without changing any.

    Raises:
        UsageError: while the run is being trained: its files change meanwhile.
    """
    if is_owned(folder):
        raise UsageError(f"{folder} is being trained: check it when it has ended")
    kinds = tuple(kinds)
    marks, marks_found = _marks(folder)
    recipe, recipe_found = _recipe(folder, marks, kinds)
    findings = [recipe_found, *marks_found]
    data = None
    for name, read in ((layout.DATA, DataFacts.read), (layout.ENVIRONMENT, Environment.read)):
        finding, content = _read(folder, name, read, marks)
        findings.append(finding)
        data = content if name == layout.DATA else data
    game = None
    if recipe is not None and isinstance(data, DataFacts):
        game = _game_of(recipe, data)
    checkpoints = layout.list_checkpoints(folder / layout.CHECKPOINTS)
    found = [_checkpoint(path, game) for path in checkpoints]
    good = [path for path, finding in zip(checkpoints, found, strict=True) if finding.state != "damaged"]
    findings += found
    findings += [
        Finding(f"{layout.CHECKPOINTS}/{path.name}", "damaged", f"{path / layout.STATE} is missing: no checkpoint")
        for path in layout.unfinished_checkpoints(folder / layout.CHECKPOINTS)
    ]
    findings += _records(folder, good[-1] if good else None)
    history, changes = _history(folder)
    return Report(folder, (*findings, *history), changes, int(good[-1].name) if good else None)


def _marks(folder: Path) -> tuple[Marks | None, list[Finding]]:
    try:
        marks = read_marks(folder)
    except SteadyganError as error:
        return None, [Finding(layout.MARKS, "damaged", str(error))]
    return marks, [] if marks is None else [Finding(layout.MARKS, "whole")]


def _recipe(folder: Path, marks: Marks | None, kinds: tuple[Kind, ...]) -> tuple[Recipe | None, Finding]:
    name = layout.RECIPE
    try:
        recipe = recipes.load(folder / name, extra=kinds)
    except SteadyganError as error:
        if marks is not None and _text_of(folder / name) == marks.recipe:
            return None, Finding(name, "readable", f"as it was written, but {error}")
        return None, Finding(name, "damaged", str(error))
    if marks is None:
        return recipe, Finding(name, "readable", "of a version that kept no hashes")
    try:
        written = recipes.loads(marks.recipe, where=layout.MARKS, extra=kinds)
    except SteadyganError as error:
        return recipe, Finding(name, "damaged", str(error))
    if written.replans != recipe.replans:  # stopped between the recipe and its mark
        written = dataclasses.replace(written, replans=recipe.replans, rounds=recipe.rounds)
    changes = differences(written, recipe, 0, BY_HAND)
    if not changes:
        return recipe, Finding(name, "whole")
    fields = ", ".join(f"{change.field} {shown(change.old)} → {shown(change.new)}" for change in changes[:4])
    return recipe, Finding(name, "changed", f"since the last session: {fields}")


def _text_of(path: Path) -> str | None:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text(encoding="utf-8")
    return None


def _read(folder: Path, name: str, read: Callable[[Path], Any], marks: Marks | None) -> tuple[Finding, Any]:
    content = None
    try:
        content = read(folder)
        problem = None if marks is None else marked_damage(folder, marks, name)
    except SteadyganError as error:
        problem = str(error)
    if problem is not None:
        return Finding(name, "damaged", problem), content
    return Finding(name, "readable" if marks is None else "whole"), content


def _game_of(recipe: Recipe, data: DataFacts) -> Game | None:
    """A game at round 0 on the CPU; None if the recipe's networks cannot be built."""
    try:
        return Game.build(recipe, data.sample, torch.device("cpu"))
    except (SteadyganError, RuntimeError, MemoryError, ValueError, TypeError, OverflowError):
        return None


def _checkpoint(path: Path, game: Game | None) -> Finding:
    name = f"{layout.CHECKPOINTS}/{path.name}"
    problem = damage(path)
    state: CheckpointState | None = None
    if problem is None:
        state = read_state(path)
        problem = None if game is None else _misfit(path, game)
    if problem is not None:
        return Finding(name, "damaged", problem)
    if game is None:
        return Finding(name, "readable", "not compared with the recipe, whose networks cannot be built")
    unhashed = state is not None and state.files is None
    return Finding(name, *(("readable", "of a version that kept no hashes") if unhashed else ("whole", "")))


def _misfit(path: Path, game: Game) -> str | None:
    """How a checkpoint does not fit the recipe; None if it does."""
    try:
        load_checkpoint(path, _fresh(game))
    except SteadyganError as error:
        return str(error)
    return None


def _fresh(game: Game) -> Game:
    """The game at round 0 again."""
    return Game.build(game.recipe, game.sample, game.device)


def _records(folder: Path, newest: Path | None) -> Iterator[Finding]:
    state = None if newest is None else read_state(newest)
    for name in (layout.METRICS, layout.EVALUATIONS, layout.SIGNALS):
        mark = None if state is None or state.records is None else state.records.get(name)
        path = folder / name
        if not path.exists() and (mark is None or not mark.bytes):
            continue
        try:
            problem = None if mark is None else record_damage(path, mark)
            bad = [] if problem else _bad_lines(path)
        except SteadyganError as error:
            problem, bad = str(error), []
        if problem is None and bad:
            problem = f"line {bad[0]:,} is no row" + (f", and {len(bad) - 1:,} more" if bad[1:] else "")
        if problem is not None:
            yield Finding(name, "damaged", problem)
        else:
            yield Finding(name, "readable" if mark is None else "whole")


def _bad_lines(path: Path) -> list[int]:
    """Numbers of the lines that are no rows; a last line that was not written to its end is none of them."""
    lines = list(numbered_lines(path))
    bad = [number for number, row in lines if row is None or type(row.get("round")) is not int]
    torn = bool(lines) and not path.read_bytes().endswith(b"\n")
    return [number for number in bad if not (torn and number == lines[-1][0])]


def _history(folder: Path) -> tuple[list[Finding], tuple[str, ...]]:
    try:
        lines = list(history_lines(folder))
    except SteadyganError as error:
        return [Finding(layout.HISTORY, "damaged", str(error))], ()
    if not lines:
        return [], ()
    changes = [change for _, change in lines if change is not None]
    bad = [number for number, change in lines if change is None]
    note = f"line {bad[0]} is no change" if bad else ""
    finding = Finding(layout.HISTORY, "damaged" if bad else "whole", note)
    records = [Finding(change.field, "damaged", str(change)) for change in changes if change.by == DAMAGED]
    return [finding, *records], tuple(map(str, changes))
