"""The page of one run: state, verdict, pictures, curves, evaluations, changes and recipe."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from steadygan.errors import SteadyganError
from steadygan.evaluation import record
from steadygan.evaluation.record import Evaluation
from steadygan.evaluation.tables import DIRECTIONS, floor_text, provenance_line, value_text
from steadygan.report.diagnosis_section import Section, diagnosis_section
from steadygan.report.facts import readable
from steadygan.report.lines import Lines, shown_lines
from steadygan.run import layout
from steadygan.run.history import read_history
from steadygan.run.remedies import read_remedies
from steadygan.ui import stopping
from steadygan.ui.charts import cards, constants
from steadygan.ui.files import inside, read_inside
from steadygan.ui.index_page import recipe_text, settings_of
from steadygan.ui.overview import Summary
from steadygan.ui.rendering import Parts, render
from steadygan.ui.resuming import Resumptions
from steadygan.ui.watched import Watched

FRAMES = 60
"""most pictures of the time line"""
_DOCUMENTS = {"data": layout.DATA, "environment": layout.ENVIRONMENT}
_MOST_BYTES = 1 << 22
_SIGNAL_BYTES = 1 << 24
"""of a log of signals that is judged while it grows"""


class RunParts:
    """Parts of one run's page; what rests on files that stay as they were is not made again."""

    def __init__(self, watched: Watched, resumptions: Resumptions) -> None:
        self._watched, self._resumptions = watched, resumptions
        self._made: dict[str, tuple[object, Parts]] = {}

    def __call__(self, run: Summary, asked_to_stop: bool = False) -> Parts:
        folder, version = run.folder, self._watched.version
        actions = self._actions(run, asked_to_stop)
        parts = self._once("head", (run, actions), lambda: {"head": render("head.html", run=run, **dict(actions))})
        parts |= self._once("verdict", _signs(folder, layout.SIGNALS, layout.DIAGNOSIS), lambda: _verdict(run))
        pictured = _signs(folder, layout.SAMPLES, layout.NEAREST, f"{layout.SAMPLES}/{layout.SCALES}")
        parts |= self._once("pictures", (pictured, run.picture, run.stamp), lambda: _pictures(run))
        parts |= self._once("curves", (version, _signs(folder, layout.RECIPE)), lambda: self._curves(folder))
        parts |= self._once("evaluations", _signs(folder, layout.EVALUATION), lambda: _evaluations(folder))
        settled = _signs(folder, layout.RECIPE, layout.HISTORY, layout.REMEDIES, layout.DATA, layout.ENVIRONMENT)
        return parts | self._once("details", settled, lambda: _details(folder))

    def _once(self, name: str, signs: object, make: Any) -> Parts:
        if name not in self._made or self._made[name][0] != signs:
            self._made[name] = signs, make()
        return dict(self._made[name][1])

    def _actions(self, run: Summary, asked: bool) -> tuple[tuple[str, Any], ...]:
        refused = stopping.why_not(run.folder) if run.state == "running" else None
        begins = self._resumptions.begins(run.folder)
        return (
            ("stops", run.state == "running" and refused is None),
            ("refused", refused or ""),
            ("asked", asked and run.state == "running"),
            ("resumes", run.state == "interrupted" and not begins),
            ("begins", begins),
            ("failure", "" if run.state == "running" else self._resumptions.failure(run.folder) or ""),
        )

    def _curves(self, folder: Path) -> Parts:
        points, _, judge, note = self._watched.points()
        recipe = settings_of(folder)
        drawn = cards(points, recipe, judge)
        level = constants(points, recipe, judge)
        parts = {"curves": render("curves.html", cards=drawn), "curve-note": note}
        parts |= {f"curve:{index}": render("curve.html", card=card) for index, card in enumerate(drawn)}
        return parts | {"constants": render("constants.html", lines=level)}


def _signs(folder: Path, *names: str) -> tuple[int, ...]:
    found: list[int] = []
    for name in names:
        try:
            status = os.stat(folder / name)
            found += [status.st_mtime_ns, status.st_size]
        except OSError:
            found += [0, 0]
    return tuple(found)


def _verdict(run: Summary) -> Parts:
    section: Section | None = None
    path = inside(run.folder, layout.SIGNALS)
    if path is not None and path.stat().st_size <= _SIGNAL_BYTES:
        try:
            section = diagnosis_section(run.folder)
        except (SteadyganError, ValueError, KeyError, TypeError, OSError):  # a damaged log leaves the rest of the page
            section = None
    if section is not None:
        section = dataclasses.replace(section, changes=tuple(section.changes[:3]))
    return {"verdict": render("verdict.html", section=section, verdict=run.verdict)}


def _pictures(run: Summary) -> Parts:
    folder = run.folder
    rounds = [layout.picture_round(path) for path in layout.list_pictures(folder)]
    texts = [path for path in layout.list_lines(folder) if inside(folder, path)]
    lines: Lines | None = shown_lines(texts[-1]) if texts else None
    newest = rounds[-1] if rounds else None
    scales = newest is not None and inside(folder, layout.scales_path(folder, newest)) is not None
    return {
        "pictures": render(
            "pictures.html",
            run=run,
            rounds=spread(rounds),
            newest=newest,
            lines=lines,
            scales=scales,
            nearest=inside(folder, layout.NEAREST) is not None,
        )
    }


def spread(rounds: list[int], most: int = FRAMES) -> list[int]:
    """At most ``most`` rounds at equal distances in the list, the first and the last among them."""
    if len(rounds) <= most:
        return rounds
    return [rounds[index * (len(rounds) - 1) // (most - 1)] for index in range(most)]


def _evaluations(folder: Path) -> Parts:
    found: list[Evaluation] = []
    problem = ""
    try:
        found = list(record.read(folder)) if inside(folder, layout.EVALUATION) else []
    except SteadyganError as error:
        problem = str(error)
    tables = [
        (
            provenance_line(each.provenance),
            [
                (one.metric, value_text(one), floor_text(one), DIRECTIONS[one.better], one.caution)
                for one in each.numbers
            ],
        )
        for each in found
    ]
    return {"evaluations": render("evaluations.html", tables=tables, problem=problem)}


def _details(folder: Path) -> Parts:
    try:
        changes = [str(change) for change in read_history(folder)]
        remedies = [str(remedy) for remedy in read_remedies(folder)]
    except SteadyganError as error:
        changes, remedies = [str(error)], []
    documents = {name: readable(found) for name, file in _DOCUMENTS.items() if (found := _document(folder, file))}
    text = recipe_text(folder).strip()
    return {"details": render("details.html", changes=changes, remedies=remedies, documents=documents, recipe=text)}


def _document(folder: Path, name: str) -> Mapping[str, Any]:
    content = read_inside(folder, name, _MOST_BYTES)
    try:
        found = json.loads(content) if content else {}
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
