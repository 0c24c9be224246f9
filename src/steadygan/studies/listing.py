"""The studies as a list: state and cost of each at the scales at which it was begun."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from steadygan.errors import RunError, SteadyganError
from steadygan.studies import layout, plan
from steadygan.studies.catalogue import experiment_names, find
from steadygan.studies.definition import Definition
from steadygan.studies.folder import StudyFolder, is_study
from steadygan.studies.study import SCALES, Scale, Study
from steadygan.system.words import duration

HEAD = ("study", "scale", "trials", "state", "time", "question")


@dataclass(frozen=True)
class Line:
    """One study at one scale."""

    name: str
    scale: Scale
    trials: str
    state: str
    time: str
    question: str
    done: int | None = None
    """finished trials"""
    total: int | None = None
    seconds: float | None = None
    """that the trials took, or would take where that was measured"""

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.name, self.scale, self.trials, self.state, self.time, self.question)


def lines(scale: Scale | None = None, workers: int = 1, root: Path | None = None) -> list[Line]:
    """All studies: those that were begun with what they took so far, others at one scale.

    Args:
        scale: at which the cost of what was not begun is measured; None: nothing is measured, and the laptop scale
            is listed
        workers: that would share the trials
        root: the folder of studies; None: ``runs/studies``
    """
    listed = []
    for name in experiment_names():
        study = find(name)
        begun = [_begun(study, each, root or layout.STUDIES) for each in SCALES]
        found = [line for line in begun if line is not None]
        if not any(line.scale == (scale or "laptop") for line in found):
            found.append(_not_begun(study, scale, workers))
        listed += found
    return listed


def _begun(study: Study, scale: Scale, root: Path) -> Line | None:
    path = root / f"{study.name}-{scale}"
    if not is_study(path):
        return None
    try:
        folder = StudyFolder(path)
        records, damaged = folder.records()
    except RunError:
        return Line(study.name, scale, "", "damaged", "", study.question)
    total, failed = len(folder.trials), sum(record.failure is not None for record in records.values())
    running = sum(folder.is_claimed(trial) for trial in folder.unfinished())
    state = "finished" if len(records) == total else f"{running} running" if running else "unfinished"
    state += f", {failed} failed" if failed else ""
    state += f", {len(damaged)} damaged" if damaged else ""
    seconds = sum(record.seconds for record in records.values())
    trials = f"{len(records)} of {total}"
    return Line(study.name, scale, trials, state, duration(seconds), study.question, len(records), total, seconds)


def _not_begun(study: Study, scale: Scale | None, workers: int) -> Line:
    at: Scale = scale or "laptop"
    definition = Definition(study.name, at, tuple(range(study.seeds[at])))
    seconds = None
    try:
        total, time = len(definition.trials(study)), ""
        if scale is not None:
            costs = plan.measured(definition, study)
            unknown = any(cost.unknown for cost in costs)
            seconds = None if unknown else plan.seconds_with(costs, workers)
            time = "unknown" if seconds is None else f"about {duration(seconds)}"
    except SteadyganError:
        return Line(study.name, at, "?", "not begun", "unknown", study.question)
    return Line(study.name, at, str(total), "not begun", time, study.question, 0, total, seconds)
