"""Printed lines: what a training wrote to its terminal or log, as in '[0/5][50/1583] Loss_D: 0.42 Loss_G: 0.78'."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from steadygan.data.reading import shown
from steadygan.diagnostics.foreign.csv_text import cells_of
from steadygan.diagnostics.foreign.record import Cell, Record, Source, cell
from steadygan.diagnostics.foreign.text import lines_of
from steadygan.errors import DataError

LOOKED_AT = 2000
"""lines by which it is told from a table"""
LEAST_SHARE = 0.2
"""of the lines that have a name and a number"""
_WORD = r"[A-Za-z][\w./()\-]{0,63}"
_FINITE = r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_NOT_FINITE = r"[-+]?(?:s?nan(?:\(\w*\))?|inf(?:inity)?|1\.#\w+)"
_AFTER = r"(?=$|[\s,;|\])}%/'\"]|:(?!\d))"
_NAME = rf"(?<![\w.])({_WORD}(?: {_WORD}){{0,2}})"
_PAD = r"[ \t]{0,16}"
"""before and in numbers that are printed with a width"""
_PAIR = re.compile(
    rf"{_NAME}{_PAD}[:=]{_PAD}(?:(?:(?:tf\.)?tensor|array|np\.float\d+)\()?(?:\[{_PAD})?({_FINITE}|{_NOT_FINITE}){_AFTER}",
    re.IGNORECASE,
)
_COUNTED = r"epoch|step|iter|iters|itr|iteration|iterations|batch|tick|kimg|round"
_COUNTER = re.compile(
    rf"\b({_COUNTED})\b{_PAD}(?:[:=#]{_PAD})?(?:[\[(]{_PAD})?(\d{{1,3}}(?:,\d{{3}})+|\d+(?:\.\d+)?)", re.IGNORECASE
)
_EPOCH_AND_BATCH = re.compile(r"\[(\d+)/\d+\]\s*\[(\d+)/\d+\]")
_OF = re.compile(r"(?<![\w./:])(\d+)/\d+(?![\w./:])")


def is_printed(path: Path) -> bool:
    """True for a text file whose lines name their numbers, and whose first line is no header of a table."""
    lines = [line for line, _ in zip(filter(str.strip, lines_of(path)), range(LOOKED_AT), strict=False)]
    named = sum(bool(_PAIR.search(line)) for line in lines)
    return named >= max(1, LEAST_SHARE * len(lines)) and not _is_header(lines)


def open_printed(path: Path) -> Source:
    """Printed lines as a source: a row for each line that names a number, with the counters last seen.

    Counters are numbers after 'epoch', 'step', 'iter' and the like, '[0/5][50/1583]', and '37/100'.

    Raises:
        DataError: one line, for a file that cannot be read, or without such a line.
    """
    lines = rows = 0
    for line in lines_of(path):
        if line.strip():
            lines, rows = lines + 1, rows + bool(_numbers(line))
    if not rows:
        raise DataError(f"'{shown(path)}' has no line that names a number")
    notes = (f"{lines - rows:,} of {lines:,} lines name no number and are left out",) if rows < lines else ()

    def records() -> Iterator[Record]:
        counters: dict[str, Cell] = {}
        for line in lines_of(path):
            counters |= _counters(line)
            if found := _numbers(line):
                yield {**counters, **found}

    return Source("printed lines", records, notes)


def _numbers(line: str) -> dict[str, Cell]:
    """The numbers of a line by their names, without counters."""
    found = {name: cell(number) for name, number in _PAIR.findall(line)}
    return {name: number for name, number in found.items() if not _COUNTER.fullmatch(f"{name} 0")}


def _counters(line: str) -> dict[str, Cell]:
    counted = {name.lower(): float(number.replace(",", "")) for name, number in _COUNTER.findall(line)}
    if not counted and (both := _EPOCH_AND_BATCH.search(line)):
        counted = {"epoch": float(both[1]), "batch": float(both[2])}
    if not counted and (one := _OF.search(line)):
        counted = {"step": float(one[1])}
    return dict(counted)


def _is_header(lines: list[str]) -> bool:
    """True for names alone in the first line, with numbers in as many cells of the second."""
    for delimiter in (",", ";", "\t", "|"):
        try:
            names, values = (
                [text.strip(" '\"") for text in cells_of(line, delimiter)] for line in (*lines, "", "")[:2]
            )
        except DataError:  # no row of a table
            continue
        if len(names) > 1 and len(names) == len(values) and not any(isinstance(cell(name), float) for name in names):
            return not _PAIR.search(lines[0]) and any(isinstance(cell(value), float) for value in values)
    return False
