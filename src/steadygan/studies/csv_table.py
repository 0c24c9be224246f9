"""trials.csv: settings and measured numbers of a study, one line a trial."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any

from steadygan.studies.outcomes import Record

_ABOUT = ("seed", "rounds", "seconds", "failure")
_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""of texts that a spreadsheet would take for a formula"""


def csv_text(records: Iterable[Record]) -> str:
    """Settings, seed, and values that are numbers or words; lists and arrays are in the trials' folders."""
    records = list(records)
    settings = _names(record.settings for record in records)
    plain = [{name: value for name, value in record.values.items() if _is_cell(value)} for record in records]
    values = _names(plain)
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\n")
    # a measured number may have the name of a setting
    writer.writerow(
        [*settings, *_ABOUT, *(f"{name} (measured)" if name in {*settings, *_ABOUT} else name for name in values)]
    )
    for record, measured in zip(records, plain, strict=True):
        about = [record.seed, record.rounds, record.seconds, record.failure or ""]
        cells = (
            [record.settings.get(name, "") for name in settings] + about + [measured.get(name, "") for name in values]
        )
        writer.writerow([_safe(cell) for cell in cells])
    return written.getvalue()


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _is_cell(value: object) -> bool:
    return isinstance(value, str | int | float | bool)


def _safe(cell: object) -> object:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_STARTS) else cell
