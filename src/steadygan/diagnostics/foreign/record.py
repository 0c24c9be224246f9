"""A record of another tool's log: numbers by the names of their columns, and how a cell becomes a number."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Cell = float | str | None
"""a number, also infinite or NaN; a text that is none; None for an empty cell"""
Record = Mapping[str, Cell]

_EMPTY = frozenset({"", "-", "na", "n/a", "none", "null", "nil"})
_NAN = re.compile(r"s?nan(\(\w*\))?|1\.#(qnan|snan|ind|nan)0*")
"""as C libraries, Python and Windows spell it"""
_INFINITE = re.compile(r"inf(inity)?|∞|1\.#inf0*")
_LONGEST = 64
_WRAPPED = re.compile(
    r"(?:(?:tf\.)?tensor|array|np\.float\d+)\(\[?\s{0,9}([-+.\w]{1,40})\s{0,9}\]?(?:,.{0,200})?\)"
    r"|\[\s{0,9}([-+.\w]{1,40})\s{0,9}\]",
    re.IGNORECASE,
)
"""a number as torch, TensorFlow and numpy write it: 'tensor(0.5, device='cuda:0')', '[0.5]'"""


@dataclass(frozen=True)
class Source:
    """A log that can be read from its beginning as often as needed, in bounded memory."""

    kind: str
    """such as 'CSV', 'JSON lines'"""
    records: Callable[[], Iterator[Record]]
    notes: tuple[str, ...] = ()
    """what was met in reading"""


def cell(text: str, comma: str = "") -> Cell:
    """The value of a cell.

    Args:
        text: as it stands in the file
        comma: what a comma in a number stands for: '.' a decimal point, '' a separator of thousands
    """
    text = text.strip()
    if wrapped := _WRAPPED.fullmatch(text):
        text = wrapped[1] or wrapped[2]
    if text.lower() in _EMPTY:
        return None
    unsigned = text.lower().lstrip("+-")
    if _NAN.fullmatch(unsigned):
        return math.nan
    if _INFINITE.fullmatch(unsigned):
        return -math.inf if text.startswith("-") else math.inf
    plain = text.removesuffix("%") if len(text) <= _LONGEST else ""
    if "_" in plain or not plain.isascii():
        return text
    try:
        return float(plain.replace(",", comma)) / (1 if plain is text or plain == text else 100)
    except ValueError:
        return text


def value_of(raw: object) -> Cell:
    """A value of JSON as a cell."""
    if raw is None or isinstance(raw, bool):
        return None if raw is None else float(raw)
    if isinstance(raw, int | float):
        try:
            return float(raw)
        except OverflowError:
            return math.inf if raw > 0 else -math.inf
    return cell(raw) if isinstance(raw, str) else None
