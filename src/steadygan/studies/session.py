"""Carrying out a study: its folder is begun or gone on with, its trials are shared by workers, its page is written."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from steadygan.checks import one_of, whole_number
from steadygan.errors import UsageError
from steadygan.studies import layout, sources
from steadygan.studies.carrying_out import provenance
from steadygan.studies.catalogue import find
from steadygan.studies.definition import Definition
from steadygan.studies.findings import Findings, findings_of
from steadygan.studies.folder import StudyFolder, is_study
from steadygan.studies.study import SCALES, Scale
from steadygan.studies.worker import work

Say = Callable[[str], None]


def opened(
    name: str,
    scale: Scale = "laptop",
    *,
    seeds: int | None = None,
    out: str | Path | None = None,
    data: Mapping[str, str] | None = None,
) -> StudyFolder:
    """The folder of a study, begun if there is none.

    Raises:
        UsageError: one line, if the folder holds another study or one with other settings.
    """
    one_of("scale", scale, SCALES)
    whole_number("seeds", seeds, or_none=True)
    study = find(name)
    path = Path(out) if out is not None else layout.default_folder(study.name, scale)
    named = sources.from_environment() | dict(data or {})
    if is_study(path):
        return _gone_on_with(StudyFolder(path), name, scale, seeds, named)
    count = study.seeds[scale] if seeds is None else seeds
    definition = Definition(name, scale, tuple(range(count)), sources=named)
    definition.trials(study)  # before anything is written
    return StudyFolder.begun(path, definition, provenance())


def _gone_on_with(
    folder: StudyFolder, name: str, scale: Scale, seeds: int | None, named: Mapping[str, str]
) -> StudyFolder:
    """A study's folder with, perhaps, more seeds.

    Raises:
        UsageError: for anything else that differs.
    """
    has = folder.definition
    if has.study != name or has.scale != scale:
        raise UsageError(
            f"'{folder.path}' holds the study '{has.study}' at the scale '{has.scale}'; name another --out"
        )
    for kind, path in named.items():
        if has.sources.get(kind) != path:
            raise UsageError(
                f"'{folder.path}' was begun with {has.sources.get(kind, 'the built-in data')} for '{kind}', not with "
                f"'{path}'; name another --out"
            )
    if seeds is None or seeds == len(has.seeds):
        return folder
    if seeds < len(has.seeds):
        raise UsageError(f"'{folder.path}' was begun with {len(has.seeds)} seeds, not {seeds}; name another --out")
    return folder.redefined(dataclasses.replace(has, seeds=tuple(range(seeds))))


def carry_out(folder: StudyFolder, *, again: bool = False) -> Findings:
    """Carries out what is left of a study.

    Args:
        folder: of the study
        again: begins trials anew that failed
    """
    for line in folder.repaired():
        warnings.warn(line, stacklevel=2)
    if again:
        records, _ = folder.records()
        folder.forget([trial for trial in folder.trials if trial.name in records and records[trial.name].failure])
    work(folder)
    return findings_of(folder)
