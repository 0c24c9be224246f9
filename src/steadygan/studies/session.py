"""Carrying out a study: its folder is begun or gone on with, its trials are shared by workers, its page is written."""

from __future__ import annotations

import dataclasses
import time
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from steadygan.checks import above, one_of, whole_number
from steadygan.errors import UsageError
from steadygan.studies import layout, on_ray, plan, sources
from steadygan.studies.carrying_out import provenance
from steadygan.studies.catalogue import find
from steadygan.studies.definition import Definition
from steadygan.studies.device import CPU, settled
from steadygan.studies.findings import Findings, findings_of
from steadygan.studies.folder import StudyFolder, is_study
from steadygan.studies.page import write_findings
from steadygan.studies.study import SCALES, Scale
from steadygan.studies.watching import Say, Watch
from steadygan.studies.worker import work
from steadygan.studies.workers import share
from steadygan.system import started
from steadygan.system.cores import cores
from steadygan.system.output_paths import check_output_folder
from steadygan.system.torch_defaults import torch_defaults
from steadygan.system.words import duration, number


@torch_defaults()
def study(
    name: str,
    scale: Scale = "laptop",
    *,
    seeds: int | None = None,
    out: str | Path | None = None,
    data: Mapping[str, str] | None = None,
    device: str = CPU,
    minutes: float | None = None,
    workers: int | str | None = None,
    again: bool = False,
    say: Say = print,
) -> Findings:
    """Carries out a study, or goes on with it, and returns what it found.

    >>> found = sg.study("value-surfaces", scale="smoke")  # doctest: +SKIP
    >>> found.decisions, found.table, found.results, found.page  # doctest: +SKIP

    Args:
        name: of the study, or the import path of one of your own: 'my_studies:STUDY'
        scale: 'smoke', 'laptop' or 'paper'
        seeds: how many; None: the study's, or as many as its folder has
        out: its folder; None: ``runs/studies/NAME-SCALE``
        data: data of your own, by kind: 'mnist', 'cifar10', 'pictures' or 'text'
        device: that trials train on: 'cpu', 'cuda', 'cuda:1' or 'mps'
        minutes: that the rounds of a study that begins are fitted to, for the whole study
        workers: processes that share it; 1: this one; 'ray' or 'ray://HOST:PORT': a Ray cluster; None: one a core, at
            the smoke scale this one
        again: begins trials anew that failed
        say: takes a line on each trial

    Raises:
        UsageError: one line, for what cannot be used.
        RunError: one line, for what stopped it; finished trials stay.
    """
    if not (workers is None or (isinstance(workers, str) and on_ray.is_address(workers))):
        whole_number("workers", workers)
    definition = defined(name, scale, seeds=seeds, data=data, device=device)
    folder = opened(definition, out, minutes=minutes, workers=workers, keep_seeds=seeds is None, say=say)
    return carry_out(folder, workers=workers, again=again, say=say)


def defined(
    name: str,
    scale: Scale = "laptop",
    *,
    seeds: int | None = None,
    data: Mapping[str, str] | None = None,
    device: str = CPU,
) -> Definition:
    """The definition of a study that is to begin.

    Args:
        name: of the study, or the import path of one of your own
        scale: 'smoke', 'laptop' or 'paper'
        seeds: how many; None: the study's
        data: data of your own, by kind: 'mnist', 'cifar10', 'pictures' or 'text'
        device: that trials train on: 'cpu', 'cuda', 'cuda:1' or 'mps'

    Raises:
        UsageError: one line, for what there is not.
    """
    one_of("scale", scale, SCALES)
    whole_number("seeds", seeds, most=10_000, or_none=True)
    study = find(name)
    named = sources.from_environment()
    for kind, path in (data or {}).items():
        named |= dict([sources.parsed(f"{kind}={path}")])
    count = study.seeds[scale] if seeds is None else seeds
    definition = Definition(name, scale, tuple(range(count)), sources=named, device=settled(device))
    definition.trials(study)  # before anything is written
    return definition


def opened(
    definition: Definition,
    out: str | Path | None = None,
    *,
    minutes: float | None = None,
    workers: int | str | None = None,
    keep_seeds: bool = False,
    elsewhere: bool = False,
    say: Say = print,
) -> StudyFolder:
    """The folder of a study, begun if there is none.

    Args:
        definition: of the study
        out: its folder; None: ``runs/studies/NAME-SCALE``
        minutes: that its rounds are fitted to, if it begins
        workers: that will share it
        keep_seeds: True if a study that was begun keeps its seeds
        elsewhere: True if its trials are for other machines: the device need not be here
        say: takes a line on what was fitted

    Raises:
        UsageError: one line, if the folder holds another study or one with other settings.
    """
    above("minutes", minutes, 0, or_none=True)
    study = definition.made()
    path = folder_of(definition, out)
    if is_study(path):
        folder = _gone_on_with(StudyFolder(path), definition, minutes, keep_seeds)
        if not elsewhere:
            _tell_of_other_versions(folder)
        return folder
    check_output_folder(path)
    if path.is_dir() and any(path.iterdir()):
        raise UsageError(f"'{path}' holds something else than a study; name another --out")
    costs: tuple[plan.Cost, ...] = ()
    if minutes is not None:
        began = started.began()
        costs = plan.measured(definition, study)
        asked = workers if isinstance(workers, int) else usual_workers(definition)  # of a cluster nothing is known yet
        count = min(asked, sum(cost.trials for cost in costs))
        # what another machine does later has the whole time
        spent = 0.0 if elsewhere else time.perf_counter() - began
        definition = fitted(definition, costs, minutes, count, say, spent=spent)
    made = provenance(CPU if elsewhere else definition.device)
    return StudyFolder.begun(path, definition, made, [dataclasses.asdict(cost) for cost in costs])


def folder_of(definition: Definition, out: str | Path | None = None) -> Path:
    """Where a study is: ``out``, or ``runs/studies/NAME-SCALE``; a sweep's name says all, and has no scale."""
    if out is not None:
        return Path(out)
    name = definition.made().name
    return layout.STUDIES / name if definition.sweep is not None else layout.default_folder(name, definition.scale)


def is_begun(definition: Definition, out: str | Path | None = None) -> bool:
    """True if the study has a folder already."""
    return is_study(folder_of(definition, out))


def fitted(
    definition: Definition,
    costs: Sequence[plan.Cost],
    minutes: float | None,
    workers: int,
    say: Say,
    *,
    spent: float = 0.0,
) -> Definition:
    """The definition with its rounds fitted to a time.

    Args:
        definition: of the study
        costs: of its settings
        minutes: for the whole command; None: the rounds stay as they are
        workers: that share the trials
        say: takes a line on what was fitted
        spent: seconds of the time that are over, by measuring the costs
    """
    if minutes is None:
        return definition
    share = plan.fitted_share(costs, minutes, workers, spent)
    expected = duration(plan.seconds_with(costs, workers, share))
    after = f" after {duration(spent)} of measuring" if spent >= 1 else ""
    say(f"fitted to {minutes:g} minutes: {number(share)} times the scale's rounds, about {expected}{after}")
    return dataclasses.replace(definition, share=share, minutes=minutes)


def _gone_on_with(folder: StudyFolder, definition: Definition, minutes: float | None, keep_seeds: bool) -> StudyFolder:
    """A study's folder with, perhaps, more seeds.

    Raises:
        UsageError: for anything else that differs.
    """
    has, other = folder.definition, "name another --out"
    if (has.study, has.scale, has.sweep) != (definition.study, definition.scale, definition.sweep):
        raise UsageError(f"'{folder.path}' holds the study '{has.study}' at the scale '{has.scale}'; {other}")
    for kind, path in definition.sources.items():
        if has.sources.get(kind) != path:
            was = has.sources.get(kind, "built-in data")
            raise UsageError(f"'{folder.path}' was begun with {was} for '{kind}', not with '{path}'; {other}")
    if definition.device != has.device:
        raise UsageError(f"'{folder.path}' was begun on '{has.device}', not on '{definition.device}'; {other}")
    if minutes is not None and minutes != has.minutes:
        was = "the scale's rounds" if has.minutes is None else f"rounds for {has.minutes:g} minutes"
        raise UsageError(f"'{folder.path}' was begun with {was}, and goes on with these; {other}")
    records, _ = folder.records()
    for trial in folder.trials:
        if trial.name in records and records[trial.name].rounds != trial.work.rounds:
            raise UsageError(
                f"the study has changed since '{folder.path}' was begun: '{trial.name}' took "
                f"{records[trial.name].rounds:,} rounds, and takes {trial.work.rounds:,} now; {other}"
            )
    if keep_seeds or definition.seeds == has.seeds:
        return folder
    if len(definition.seeds) < len(has.seeds):
        raise UsageError(f"'{folder.path}' has {len(has.seeds)} seeds, not {len(definition.seeds)}; {other}")
    return folder.redefined(dataclasses.replace(has, seeds=definition.seeds))


def _tell_of_other_versions(folder: StudyFolder) -> None:
    """Warns if the numbers of this machine may differ from those of the study's first trials."""
    now, before = provenance(folder.definition.device), folder.made
    for name in ("versions", "device"):
        if name in before and before[name] != now[name]:
            was, here = (str(value).strip("{}").replace("'", "") for value in (before[name], now[name]))
            warnings.warn(
                f"'{folder.path}' was begun with another {'processor' if name == 'device' else 'version'} ({was}; here "
                f"{here}): its numbers may differ in their last digits",
                stacklevel=3,
            )


def carry_out(
    folder: StudyFolder, *, workers: int | str | None = None, again: bool = False, leave: bool = False, say: Say = print
) -> Findings:
    """Carries out what is left of a study, and writes its page.

    Args:
        folder: of the study
        workers: processes that share it; 1: this process alone; 'ray' or 'ray://HOST:PORT': the tasks of a Ray
            cluster; None: one for each core, and at the smoke scale this process alone
        again: begins trials anew that failed
        leave: True if one worker ends when all trials that are left are carried out by others
        say: takes a line on each trial
    """
    for line in folder.repaired():
        warnings.warn(line, stacklevel=2)
    if again:
        records, _ = folder.records()
        folder.forget([trial for trial in folder.trials if trial.name in records and records[trial.name].failure])
    left = len(folder.unfinished())
    count = 0 if isinstance(workers, str) else min(left, workers or usual_workers(folder.definition))
    if isinstance(workers, str) and left:
        on_ray.share(folder, workers, say)
    elif count > 1:
        share(folder, count, say)
    else:
        watch = Watch(folder, 1, say)
        work(folder, watch.finish, before=watch.look, leave=leave)
    return write_findings(findings_of(folder))


def usual_workers(definition: Definition) -> int:
    """Workers where no number is named: one for each core; at the smoke scale, and on a GPU, this process alone."""
    return 1 if definition.scale == "smoke" or definition.device != CPU else cores()
