"""What a study leaves for readers: study.html, its figures, trials.csv, and its findings in study.json."""

from __future__ import annotations

import dataclasses
import math
import time
from collections.abc import Mapping
from typing import Any

from steadygan.errors import in_one_line
from steadygan.report.embed import LAST_SIDE, embed
from steadygan.run import layout as run_layout
from steadygan.studies import layout
from steadygan.studies.csv_table import csv_text
from steadygan.studies.figures import Figure, write_figures
from steadygan.studies.findings import Findings
from steadygan.studies.folder import StudyFolder
from steadygan.studies.words import cell_text, setting_text
from steadygan.system.escapes import page_text, storable_tree
from steadygan.system.files import write_text, written_aside
from steadygan.system.page_template import page_template
from steadygan.system.words import duration

STYLES = {"holds": "good", "does not hold": "bad", "not decided here": "open"}
"""of answers: CSS classes"""


def write_findings(found: Findings) -> Findings:
    """Writes a study's page, figures, table of trials and findings into its folder.

    Raises:
        RunError: one line, if a file cannot be written.
    """
    figures, problems = _figures(found)
    write_text(found.folder / layout.TABLE, csv_text(found.records.values()))
    folder = StudyFolder(found.folder)
    folder.write(findings=storable_tree(to_json(found, figures)))
    with written_aside(found.page) as aside:
        aside.write_bytes(page_text(page_of(found, figures, problems, folder.made)).encode())
    return found


def _figures(found: Findings) -> tuple[list[Figure], list[str]]:
    try:
        plots = found.plots
    except Exception as error:  # of a study that is half done
        return [], [f"the figures cannot be drawn: {in_one_line(error)}"]
    return write_figures(found.folder, plots)


def to_json(found: Findings, figures: list[Figure]) -> dict[str, Any]:
    """What study.json holds of the findings: all that a gallery of studies needs."""
    study = found.study
    return {
        "name": study.name,
        "question": study.question,
        "source": study.source,
        "shows": study.shows,
        "limits": study.limits,
        "state": found.state,
        "complete": found.complete,
        "seconds": round(found.seconds, 1),
        "failures": found.failures,
        "figures": [{"file": f"{figure.name}.png", "caption": figure.caption} for figure in figures],
        "table": {
            "columns": list(found.table.columns),
            "rows": [[cell_text(cell) for cell in row] for row in found.table.rows],
            "note": found.table.note,
        },
        "claims": [
            {
                "name": claim.name,
                "statement": claim.statement,
                "source": claim.source,
                "rule": claim.rule,
                "answer": (decision := found.decisions[claim.name]).answer,
                "evidence": decision.evidence,
                "interval": None
                if decision.interval is None
                else [bound if math.isfinite(bound) else None for bound in decision.interval[:3]],
                "needs": claim.needs,
            }
            for claim in study.claims
        ],
        "written": time.strftime("%Y-%m-%d"),
    }


def page_of(found: Findings, figures: list[Figure], problems: list[str], made: Mapping[str, Any]) -> str:
    """The page as text."""
    embedded = [(figure, embed(figure.path, LAST_SIDE)) for figure in figures]
    claims = [(claim, decision := found.decisions[claim.name], STYLES[decision.answer]) for claim in found.study.claims]
    return page_template("steadygan.studies").render(
        study=found.study,
        state=found.state,
        style="good" if found.complete else "open",
        complete=found.complete,
        claims=claims,
        figures=[(dataclasses.replace(shown, text=figure.caption), figure) for figure, shown in embedded if shown],
        columns=found.table.columns,
        rows=[[cell_text(cell) for cell in row] for row in found.table.rows],
        note=found.table.note,
        problems=[*problems, *found.damaged, *(f"{name} failed: {line}" for name, line in found.failures.items())],
        trials=_trials(found),
        settings=list(dict.fromkeys(name for record in found.records.values() for name in record.settings)),
        made=_made(found, made),
        written=time.strftime("%Y-%m-%d %H:%M"),
    )


def _trials(found: Findings) -> list[dict[str, Any]]:
    """Of each finished trial: its settings, seed, time, and where its training is."""
    listed = []
    for name, record in found.records.items():
        run = f"{layout.TRIALS}/{name}/run/"
        report = found.folder / run / run_layout.REPORT
        listed.append(
            {
                "settings": {key: setting_text(value) for key, value in record.settings.items()},
                "seed": record.seed,
                "rounds": record.rounds,
                "time": duration(record.seconds),
                "link": (f"{run}{run_layout.REPORT}" if report.is_file() else run) if record.run else "",
                "failure": record.failure or "",
            }
        )
    return listed


def _made(found: Findings, made: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Facts on where the numbers come from."""
    versions = made.get("versions", {})
    facts = [("begun with", ", ".join(f"{name} {version}" for name, version in dict(versions).items()))]
    processors = dict.fromkeys(str(record.made.get("device", "")) for record in found.records.values())
    facts += [
        ("processor", ", ".join(filter(None, processors)) or str(made.get("device", ""))),
        ("threads of a trial", str(made.get("threads", ""))),
        ("command", str(made.get("command", ""))),
        *(("data", f"{kind}: {path}") for kind, path in found.definition.sources.items()),
    ]
    return [(name, value) for name, value in facts if value]
