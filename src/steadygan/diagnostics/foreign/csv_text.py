"""Tables of text: CSV with commas, semicolons, tabs, bars or blanks, with decimal points or commas."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from steadygan.data.reading import shown
from steadygan.diagnostics.foreign.record import Record, Source, cell
from steadygan.diagnostics.foreign.text import lines_of
from steadygan.errors import DataError

DELIMITERS = (",", ";", "\t", "|")
LOOKED_AT = 2000
"""lines by which delimiter, decimals and header are told"""
MOST_COLUMNS = 4096
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")
_THOUSANDS = re.compile(r"[-+]?[1-9]\d{0,2}(,\d{3})+")
_OF_EXCEL = re.compile('"?sep=.?"?', re.IGNORECASE)
_POINT = re.compile(r"[-+]?\d*\.\d+([eE][-+]?\d+)?")


def open_csv(path: Path) -> Source:
    """A table of text as a source.

    Raises:
        DataError: one line, for a file without rows, or whose header does not name its columns.
    """
    first = [line for line, _ in zip(_content(path), range(LOOKED_AT), strict=False)]
    if not first:
        raise DataError(f"'{shown(path)}' is empty: it has no rows")
    delimiter = max(DELIMITERS, key=lambda each: _score(first, each))
    if not _score(first, delimiter)[0] and _score(first, " ")[0]:
        delimiter = " "
    table = [cells_of(line, delimiter) for line in first]
    comma = _comma(table[1:] or table)
    header, notes = _header(path, table, comma)
    if comma:
        notes.append("commas in numbers are decimal points")
    begin = 0 if any("no header" in note for note in notes) else 1

    def records() -> Iterator[Record]:
        for index, line in enumerate(_content(path)):
            if index < begin:
                continue
            cells = cells_of(line, delimiter)
            if not begin or cells != table[0]:  # a header again, where a log went on
                yield {name: cell(text, comma) for name, text in zip(header, cells, strict=False)}

    return Source("CSV", records, tuple(notes))


def _content(path: Path) -> Iterator[str]:
    """Lines with something in them, without comments, and without Excel's word on the delimiter."""
    for line in lines_of(path):
        if line.strip() and not line.startswith("#") and not _OF_EXCEL.fullmatch(line.strip()):
            yield line


def cells_of(line: str, delimiter: str) -> list[str]:
    """The cells of a line; a delimiter inside of quotes is none.

    Raises:
        DataError: one line, for a line that is no row.
    """
    try:
        cells = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error as error:  # as of a cell of 131,072 characters
        raise DataError(f"a line of {len(line):,} characters is no row of a table: {error}") from error
    if len(cells) > MOST_COLUMNS:
        raise DataError(f"a line has {len(cells):,} cells; at most {MOST_COLUMNS:,} are read")
    return cells


def _score(lines: list[str], delimiter: str) -> tuple[int, int]:
    """How many lines have the most usual number of cells, if that is above 1; and that number."""
    (width, count), *_ = Counter(len(cells_of(line, delimiter)) for line in lines).most_common(1)
    headed = len(cells_of(lines[0], delimiter)) == width
    return (count * (2 if headed else 1) if width > 1 else 0, width)


def _comma(table: list[list[str]]) -> str:
    """'.' if commas in numbers are decimal ones: some cannot be separators of thousands, or no number has a point."""
    cells = [text.strip() for row in table for text in row]
    commas = [text for text in cells if _DECIMAL_COMMA.fullmatch(text)]
    proven = any(not _THOUSANDS.fullmatch(text) for text in commas)
    return "." if proven or (commas and not any(map(_POINT.fullmatch, cells))) else ""


def _header(path: Path, table: list[list[str]], comma: str) -> tuple[list[str], list[str]]:
    """The names of the columns, and notes on them."""
    first, rows = table[0], table[1:]
    if any(text.strip() for text in first) and all(isinstance(cell(text, comma), float) for text in first):
        return [str(number) for number in range(1, len(first) + 1)], ["it has no header: columns are called 1, 2, …"]
    if not rows:
        raise DataError(f"'{shown(path)}' has a header and no rows")
    names = [text.strip() or str(number) for number, text in enumerate(first, 1)]
    wider = sum(len(row) > len(names) for row in rows)
    if wider > len(rows) / 2:
        raise DataError(
            f"'{shown(path)}': its header names {len(names)} columns, and most rows have {len(rows[0])} cells, so "
            "that which is which is not known"
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    notes = [f"columns of one name: {', '.join(twice[:3])}; the last one counts"] if twice else []
    if wider:
        notes.append("some rows have more cells than the header names; those beyond it are left out")
    return names, notes
