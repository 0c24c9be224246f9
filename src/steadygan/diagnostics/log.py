"""Signal logs: the rows of looks as JSON lines, written and read.

Infinite numbers are written as the strings "inf" and "-inf", since JSON has none; NaN says that a number is not known,
and is left out, as null is. Fields that this version does not know are kept: they may be of a later one, and a verdict
reads those that it knows by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from steadygan.diagnostics.fields import Row
from steadygan.errors import RunError, UsageError
from steadygan.system.files import describe
from steadygan.system.json_text import parse_json
from steadygan.system.regular import read_regular

_INFINITE = {"inf": math.inf, "-inf": -math.inf}
_TEXTS = frozenset({"non_finite"})
_WHOLE = frozenset({"round", "rounds", "seen", "training_samples"})
_MOST_BYTES = 1 << 30


def to_json(row: Row) -> dict[str, float | int | str]:
    """A row as a JSON object: infinite numbers as strings, without NaN."""
    plain: dict[str, float | int | str] = {}
    for field, value in row.items():
        if isinstance(value, float) and not math.isfinite(value):
            if not math.isnan(value):
                plain[field] = "inf" if value > 0 else "-inf"
        else:
            plain[field] = value
    return plain


def from_json(content: Mapping[str, Any]) -> Row:
    """The row in a JSON object.

    Raises:
        UsageError: one line, for a field whose value is none of a log, or without a round.
    """
    if "round" not in content:
        raise UsageError("it has no 'round'; needed in each row")
    row = {field: _value(field, value) for field, value in content.items() if value is not None}
    return {field: value for field, value in row.items() if isinstance(value, str | int) or not math.isnan(value)}


def read_log(path: str | Path) -> tuple[Row, ...]:
    """The rows of a signal log, in order. A last line without its end, as of a process that was killed, is left out.

    Raises:
        RunError: one line, for a file that cannot be read, a line that is no row, and rounds that do not rise.
    """
    path = Path(path)
    try:
        content = read_regular(path, _MOST_BYTES)
    except OSError as error:
        raise RunError(f"{path} cannot be read: {describe(error)}") from None
    *lines, last = content.split(b"\n")
    rows: list[Row] = []
    for number, line in enumerate([*lines, *_whole(last)], 1):
        if not line.strip():
            continue
        row = _row(line, path, number)
        if rows and row["round"] <= rows[-1]["round"]:  # type: ignore[operator]
            raise RunError(f"{path} is damaged: line {number:,} is of round {row['round']}, after {rows[-1]['round']}")
        rows.append(row)
    return tuple(rows)


def _whole(last: bytes) -> list[bytes]:
    """The last line of a file that does not end with one, if it was written to its end."""
    try:
        return [last] if last.strip() and isinstance(parse_json(last), dict) else []
    except ValueError:
        return []


def _row(line: bytes, path: Path, number: int) -> Row:
    try:
        content = parse_json(line)
    except ValueError:
        raise RunError(f"{path} is damaged: line {number:,} is no JSON object") from None
    if not isinstance(content, dict):
        raise RunError(f"{path} is damaged: line {number:,} is no JSON object")
    try:
        return from_json(content)
    except UsageError as error:
        raise RunError(f"{path} is damaged: line {number:,}: {error}") from None


def _value(field: str, value: Any) -> float | int | str:
    if field in _TEXTS:
        if isinstance(value, str) and value:
            return value
        raise _wrong(field, value, "a name")
    if isinstance(value, str) and value in _INFINITE:
        value = _INFINITE[value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(field, value, 'numbers, "inf" and "-inf"')
    if field in _WHOLE and not (math.isfinite(value) and value >= 0 and value == int(value)):
        raise _wrong(field, value, "whole numbers from 0")
    return int(value) if field in _WHOLE else value


def _wrong(field: str, value: Any, allowed: str) -> UsageError:
    return UsageError(f"{field} is {value!r}; allowed: {allowed}")
