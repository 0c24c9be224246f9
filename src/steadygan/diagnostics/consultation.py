"""A consultation: the log of a run or of another tool, its diagnosis, and the changes that it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from steadygan.diagnostics import foreign, words
from steadygan.diagnostics.advice import Change, changes
from steadygan.diagnostics.fields import Row
from steadygan.diagnostics.findings import Diagnosis
from steadygan.diagnostics.judge import allows, in_order, judge, timeline
from steadygan.diagnostics.of_run import run_log
from steadygan.errors import SteadyganError, UsageError
from steadygan.kinds import Kind
from steadygan.run import Run, find_run, is_run, layout
from steadygan.run.find import RUNS
from steadygan.system.files import write_json


@dataclass(frozen=True)
class Consultation:
    """A log with what is said of it."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...]
    """how the log was read, in lines"""
    folder: Path | None
    """of the run; None for another tool's log"""
    kinds: tuple[Kind, ...] = ()
    """of the user's own that the run's recipe names"""
    remarks: tuple[str, ...] = ()
    """what else the run's folder tells, no part of the log: its speed"""

    @cached_property
    def diagnosis(self) -> Diagnosis:
        """As of the last look."""
        return judge(self.rows)

    @cached_property
    def looks(self) -> tuple[Diagnosis, ...]:
        """What was said at each look."""
        return timeline(self.rows)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What to change; none for a log whose recipe is not known."""
        return () if self.folder is None else changes_of(self.diagnosis, self.folder, self.kinds)

    @property
    def allowed(self) -> str:
        """The verdicts that the log's fields allow, in one line."""
        names = [words.NAMES[name] for name in allows(self.rows)]
        return f"verdicts that this log allows: {', '.join(names)}"

    def lines(self) -> list[str]:
        """The diagnosis in lines."""
        return [*words.lines(self.diagnosis, self.changes, self.folder), *self.remarks]

    def timeline_lines(self) -> list[str]:
        """The verdicts over the rounds, a line for as long as one was said."""
        found: list[str] = []
        begin = 0
        for index, said in enumerate(self.looks):
            name = said.main.verdict
            if index + 1 == len(self.looks) or self.looks[index + 1].main.verdict != name:
                first, last = self.looks[begin].round, said.round
                rounds = f"round {first:,}" if first == last else f"rounds {first:,} to {last:,}"
                found.append(f"  {rounds}: {words.one_line(said)}")
                begin = index + 1
        return found

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            **words.to_json(self.diagnosis, self.changes, self.folder),
            "allows": list(allows(self.rows)),
            "notes": list(self.notes),
            "remarks": list(self.remarks),
            "timeline": [
                {"round": said.round, "verdict": said.main.verdict, "confidence": said.main.confidence}
                for said in self.looks
            ],
        }


def consult(
    source: str | Path | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    rounds: int | None = None,
    kinds: Iterable[Kind] = (),
) -> Consultation:
    """Reads the log of a run, or of another tool, to be judged.

    Args:
        source: a run's name or folder, or a file or folder of another tool's log; None: the newest run
        columns: of another tool's log: field to column, where their names are not usual ones
        rounds: that are planned, for another tool's log
        kinds: of the user's own that the run's recipe names

    Raises:
        UsageError: one line, for what is neither, and for a log that cannot be read.
        RunError: one line, for a damaged run.
    """
    path = None if source is None else Path(source)
    if path is not None and not _names_run(source, path) and foreign.is_log(path):
        log = foreign.read(path, columns, rounds)
        return Consultation(in_order(log.rows), log.notes, None)
    folder = _found(source, path)
    if columns or rounds is not None:
        given = "columns" if columns else "rounds"
        raise UsageError(f"--{given} is for logs of other tools; {folder} is a run, whose log has names of its own")
    found = run_log(folder)
    return Consultation(in_order(found.rows), found.notes, folder, tuple(kinds), found.remarks)


def changes_of(diagnosis: Diagnosis, folder: Path, kinds: Iterable[Kind] = ()) -> tuple[Change, ...]:
    """What to change in a run's recipe; nothing if it cannot be read, such as one with kinds that are not known."""
    run = Run(folder, kinds=kinds)
    try:
        recipe = run.recipe
    except SteadyganError:
        return ()
    try:
        sample = run.sample_spec
    except SteadyganError:
        sample = None
    return changes(diagnosis.main, recipe, sample)


def write_diagnosis(consultation: Consultation) -> Path:
    """Writes diagnosis.json into the run's folder.

    Raises:
        RunError: one line, if it cannot be written.
    """
    assert consultation.folder is not None
    path = consultation.folder / layout.DIAGNOSIS
    write_json(path, consultation.to_json())
    return path


def _names_run(source: str | Path | None, path: Path) -> bool:
    return is_run(path) or (isinstance(source, str) and is_run(RUNS / source))


def _found(source: str | Path | None, path: Path | None) -> Path:
    try:
        return find_run(source)
    except UsageError as error:
        if path is not None and not path.is_dir() and path.suffix:
            raise UsageError(f"there is no file '{source}', and {error}") from None
        raise
