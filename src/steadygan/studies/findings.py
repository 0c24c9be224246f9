"""What a study found so far: decisions of its claims, its table and its figures, with what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan.errors import in_one_line
from steadygan.studies import layout
from steadygan.studies.claims import Decision
from steadygan.studies.definition import Definition
from steadygan.studies.folder import StudyFolder
from steadygan.studies.results import Results
from steadygan.studies.study import Plot, Study, Table
from steadygan.system.words import counted, duration, number

if TYPE_CHECKING:
    from steadygan.studies.outcomes import Record


@dataclass(frozen=True)
class Findings:
    """A study in a folder, finished or not."""

    folder: Path
    study: Study
    definition: Definition
    records: Mapping[str, Record]
    """of the finished trials, by name"""
    results: Results
    total: int
    """trials of the study"""
    damaged: tuple[str, ...] = ()
    """lines on results that cannot be read"""

    @property
    def complete(self) -> bool:
        """True if every trial has an outcome."""
        return len(self.results) == self.total

    @property
    def failures(self) -> dict[str, str]:
        """The trials that failed, by name, each with its line."""
        return {name: record.failure for name, record in self.records.items() if record.failure is not None}

    @property
    def seconds(self) -> float:
        """That the trials took, together."""
        return sum(record.seconds for record in self.records.values())

    @property
    def page(self) -> Path:
        """study.html"""
        return self.folder / layout.PAGE

    @cached_property
    def decisions(self) -> dict[str, Decision]:
        """Of each claim, by its name."""
        decided = {}
        for claim in self.study.claims:
            try:
                decided[claim.name] = claim.decide(self.results)
            except Exception as error:  # of a study that is half done
                decided[claim.name] = Decision("not decided here", f"cannot be computed: {in_one_line(error)}")
        return decided

    @cached_property
    def table(self) -> Table:
        """The study's table of what is finished."""
        try:
            return self.study.table(self.results)
        except Exception as error:
            return Table((), (), f"The table cannot be made: {in_one_line(error)}.")

    @cached_property
    def plots(self) -> list[Plot]:
        """The study's figures of what is finished."""
        return list(self.study.plots(self.results))

    @property
    def state(self) -> str:
        """One line: how much is done, at which scale, and how long that took."""
        parts = [f"{len(self.records)} of {counted(self.total, 'trial')}"]
        if self.failures:
            parts.append(f"{len(self.failures)} failed")
        if self.definition.share != 1:
            parts.append(f"{number(self.definition.share)} times the scale's rounds")
        return (
            f"{self.definition.scale} scale, {counted(len(self.definition.seeds), 'seed')}: {', '.join(parts)}, "
            f"{duration(self.seconds)} of work"
        )


def findings_of(folder: StudyFolder | str | Path) -> Findings:
    """What the study in a folder found so far.

    Raises:
        UsageError, RunError: one line, for a folder without a study, or with a damaged one.
    """
    opened = folder if isinstance(folder, StudyFolder) else StudyFolder(folder)
    records, damaged = opened.records()
    return Findings(
        opened.path,
        opened.study,
        opened.definition,
        records,
        opened.results(records),
        len(opened.trials),
        tuple(damaged),
    )
