"""The records of a run as one table: a row a round, with the columns of all records."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from steadygan.run import layout
from steadygan.run.records import evaluation_rows, number_rows, read_rows
from steadygan.system.files import write_text
from steadygan.system.output_paths import check_output_file

EVALUATION, SIGNALS = "evaluation/", "signals/"
"""before the columns of records other than the training's"""


def history(folder: Path) -> list[dict[str, Any]]:
    """One dict a round that is in any record; ``round`` first."""
    found = {
        "": number_rows(folder / layout.METRICS),
        EVALUATION: evaluation_rows(folder / layout.EVALUATIONS),
        SIGNALS: [_flat(row) for row in read_rows(folder / layout.SIGNALS)],
    }
    by_round: dict[int, dict[str, Any]] = {}
    for prefix, rows in found.items():
        for row in rows:
            merged = by_round.setdefault(row["round"], {"round": row["round"]})
            merged.update({prefix + name: value for name, value in row.items() if name != "round"})
    return [by_round[round_] for round_ in sorted(by_round)]


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The numbers and texts of a row."""
    return {name: value for name, value in row.items() if value is None or isinstance(value, int | float | str)}


def columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The names of all columns, in the order in which they appear."""
    return list(dict.fromkeys(name for row in rows for name in row)) or ["round"]


def write_csv(rows: Sequence[Mapping[str, Any]], path: Path) -> Path:
    """Writes rows as CSV with a head; numbers have all their digits.

    Raises:
        UsageError: for what is no path of a file.
        RunError: if it cannot be written.
    """
    check_output_file(path)
    text = io.StringIO()
    writer = csv.DictWriter(text, columns(rows), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
    return path
