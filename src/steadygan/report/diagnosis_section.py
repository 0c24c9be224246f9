"""The diagnosis at the head of the report: verdict, evidence with drawings, what to change, and the timeline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from steadygan.diagnostics.advice import command
from steadygan.diagnostics.consultation import Consultation, consult
from steadygan.diagnostics.findings import NO_FAULTS, Diagnosis, Evidence, VerdictName
from steadygan.diagnostics.history import History
from steadygan.diagnostics.ranges import healthy_range
from steadygan.diagnostics.words import NAMES, SENTENCES, also
from steadygan.errors import SteadyganError
from steadygan.report.curves import Chart, Series
from steadygan.run import layout

WIDTH, HEIGHT = 300, 130
"""pixels of the small drawings"""
GREEN, BLUE = 2, 0
"""colours of ``curves.COLOURS``: the healthy range, the values"""


@dataclass(frozen=True)
class Shown:
    """A piece of evidence."""

    text: str
    svg: Markup | None
    """its numbers over the rounds, over the healthy range; None for what is no number"""


@dataclass(frozen=True)
class Advised:
    """A change."""

    text: str
    why: str
    command: str


@dataclass(frozen=True)
class Spell:
    """Looks in a row with one verdict."""

    name: str
    style: str
    """CSS class: good, open or bad"""
    share: float
    """of the rounds so far, in percent"""
    looks: tuple[tuple[float, str], ...]
    """share of this spell in percent, and title, of each look"""


@dataclass(frozen=True)
class Section:
    """What the page shows of a diagnosis."""

    sentence: str
    style: str
    sure: str
    evidence: tuple[Shown, ...]
    source: str
    others: tuple[str, ...]
    changes: tuple[Advised, ...]
    notes: tuple[str, ...]
    timeline: tuple[Spell, ...]


def diagnosis_section(folder: Path) -> Section | None:
    """The diagnosis of a run; None for one that was not looked at, or whose log is damaged."""
    if not (folder / layout.SIGNALS).exists() or not (folder / layout.RECIPE).exists():
        return None
    try:
        found = consult(folder)
        return section(found) if found.rows else None
    except SteadyganError:
        return None


def section(found: Consultation) -> Section:
    """The section of a run's consultation."""
    diagnosis, folder = found.diagnosis, found.folder
    main, *others = diagnosis.findings
    history = History(found.rows)
    sure = "" if main.verdict == "too_early" else f"{100 * main.confidence:.0f}% sure, "
    return Section(
        SENTENCES[main.verdict],
        style_of(main.verdict),
        f"{sure}since round {main.since:,} of {diagnosis.round:,}",
        tuple(Shown(each.text, _drawing(history, each)) for each in main.evidence),
        main.source,
        tuple(also(finding) for finding in others),
        tuple(Advised(each.text, each.why, command(each, folder)) for each in found.changes) if folder else (),
        (*found.notes, *found.remarks),
        spells(found.looks),
    )


def style_of(verdict: VerdictName) -> str:
    """The CSS class of a verdict."""
    return {"healthy": "good", "too_early": "open"}.get(verdict, "bad") if verdict in NO_FAULTS else "bad"


def spells(looks: Sequence[Diagnosis]) -> tuple[Spell, ...]:
    """The verdicts over the rounds; each look stands for the rounds since the one before."""
    ends = [look.round for look in looks]
    whole = ends[-1] if ends and ends[-1] else 1
    widths = [max(0.0, end - begin) for begin, end in zip([0, *ends], ends, strict=False)]
    found: list[Spell] = []
    begin = 0
    for index, look in enumerate(looks):
        verdict = look.main.verdict
        if index + 1 < len(looks) and looks[index + 1].main.verdict == verdict:
            continue
        width = sum(widths[begin : index + 1])
        cells = tuple(
            (100 * widths[at] / width if width else 0.0, f"round {looks[at].round:,}: {NAMES[verdict]}")
            for at in range(begin, index + 1)
        )
        found.append(Spell(NAMES[verdict], style_of(verdict), 100 * width / whole, cells))
        begin = index + 1
    return tuple(found)


def _drawing(history: History, evidence: Evidence) -> Markup | None:
    values = history[evidence.field]
    if len(values.rounds) < 2 or not np.isfinite(values.values).any():
        return None
    x, y = values.rounds.astype(np.float64), values.values
    series = [Series(evidence.field.replace("_", " "), x, y, colour=BLUE)]
    if (range_ := healthy_range(evidence.field)) is not None:
        finite = y[np.isfinite(y)]
        reach = max(float(np.ptp(finite)), 0.05 * float(np.abs(finite).max()))  # of a side without a bound
        low = range_[0] if math.isfinite(range_[0]) else min(float(finite.min()), range_[1] - reach, 0.0)
        high = range_[1] if math.isfinite(range_[1]) else max(float(finite.max()), range_[0] + reach)
        band = (np.full_like(x, low), np.full_like(x, high))
        series.insert(0, Series("healthy", x, np.full_like(x, np.nan), band=band, colour=GREEN))
    chart = Chart(series, title=evidence.field.replace("_", " "), width=WIDTH, height=HEIGHT)
    return Markup(chart.svg())
