"""Tables in .csv files: columns of numbers, with or without a line of names, and perhaps a column of classes."""

from __future__ import annotations

import csv
import io
from array import array
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.pictures import printable
from steadygan.data.labels import MISSING, NO_LABELS, Labelling, Values, read_labels
from steadygan.data.numbers.source import Numbers, NumberSource
from steadygan.data.options import DataOptions
from steadygan.data.reading import reading, shown
from steadygan.data.sources.csv_dialect import SEPARATOR_LINE, Decimals, UnclearNumber, decimals_of, delimiter_of
from steadygan.data.stored_array import MemoryArray
from steadygan.errors import DataError
from steadygan.system.regular import open_regular

CLASS_COLUMNS = ("label", "labels", "class", "target_class")
"""names of a column of classes"""
_INDEX = ("column_0", "unnamed: 0", "index", "")
"""names of a column of row numbers; one without a name is column_0"""
MOST_NUMBERS = 2**28
_LONGEST_FIELD = 2**16
_LONGEST_LINE = 2**21
_MOST_COLUMNS = 10_000


def open_csv(path: Path, name: str, options: DataOptions) -> NumberSource:
    """The table of a .csv file: comma, semicolon, tab or | between the fields.

    Raises:
        DataError: one line that names line and column, for text, missing values and lines of other lengths.
    """
    if options.form not in ("auto", "table"):
        raise DataError(f"data form is '{options.form}', but '{shown(path)}' is a table")
    with (
        reading(path, "a table"),
        open_regular(path) as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", newline="") as file,
    ):
        csv.field_size_limit(_LONGEST_FIELD)
        head = file.read(2**16)
        delimiter = delimiter_of(head)
        skipped = 1 if SEPARATOR_LINE.match(head) else 0
        file.seek(0)
        decimals = decimals_of(_bounded(path, file), delimiter)
        file.seek(0)
        lines = islice(_bounded(path, file), skipped, None)
        return _read(path, name, options, csv.reader(lines, delimiter=delimiter), decimals, skipped + 1)


def _bounded(path: Path, file: IO[str]) -> Iterator[str]:
    """The lines of a file, none of which is held if it is longer than ``_LONGEST_LINE``."""
    while line := file.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE:
            raise DataError(f"'{shown(path)}' has a line of {_LONGEST_LINE:,} characters or more; it is no table")
        yield line


def _read(
    path: Path, name: str, options: DataOptions, reader: Iterator[list[str]], decimals: Decimals, line: int
) -> NumberSource:
    first, header = _header(path, reader, decimals)
    columns = header or tuple(f"column_{number}" for number in range(len(first)))
    if len(columns) > _MOST_COLUMNS:
        raise DataError(f"'{shown(path)}' has {len(columns):,} columns; at most {_MOST_COLUMNS:,} are read")
    class_column = class_place(columns)
    used = [i for i in range(len(columns)) if i != class_column]
    if not used:
        raise DataError(f"'{shown(path)}' has no column of numbers beside '{printable(columns[0])}'")
    numbers, classes, count = array("d"), [], 0
    rows = (first,) if header is None else ()
    for number, row in _numbered(rows, reader, line if header is None else line + 1):
        if not row or (len(row) == 1 and not row[0].strip() and len(columns) > 1):
            continue
        if len(row) != len(columns):
            raise DataError(f"'{shown(path)}', line {number:,} has {len(row)} fields where {len(columns)} are expected")
        try:
            if decimals.plain and not ("_" in "".join(row) and any("_" in row[i] for i in used)):
                numbers.extend(float(row[i]) for i in used)
        except ValueError:
            pass
        rest = used[len(numbers) - count * len(used) :]
        numbers.extend(_number(path, number, columns[i], row[i], decimals) for i in rest)
        if class_column is not None:
            classes.append(row[class_column].strip())
        count += 1
        if len(numbers) > MOST_NUMBERS:
            raise DataError(
                f"'{shown(path)}' has more than {MOST_NUMBERS:,} numbers; save it as .npy, which is read in parts"
            )
    table = np.frombuffer(numbers, np.float64).reshape(count, len(used)) if count else np.empty((0, len(used)))
    names = tuple(columns[i] for i in used)
    notes: tuple[str, ...] = (decimals.note(),) if decimals.note() else ()
    if header is not None:
        table, names, of_index = without_row_numbers(table, names)
        notes += of_index
    labelling = NO_LABELS
    if class_column is not None and classes:
        title = f"in column '{printable(columns[class_column])}'"
        labelling = read_labels(Values.of_words(classes, title), None, options.labels)
    return source_of_table(table, names, name, f"'{shown(path)}'", "csv", labelling, notes)


def class_place(columns: Sequence[str]) -> int | None:
    """The place of the column of classes among the names of a table; None without one."""
    return next((place for place, name in enumerate(columns) if name.lower() in CLASS_COLUMNS), None)


def without_row_numbers(
    table: NDArray[np.float64], names: tuple[str, ...]
) -> tuple[NDArray[np.float64], tuple[str, ...], tuple[str, ...]]:
    """The table and its names without a first column that numbers the rows, and a sentence if there was one."""
    if not _numbers_rows(names[0], table):
        return table, names, ()
    return table[:, 1:], names[1:], (f"The column '{printable(names[0])}' numbers the rows, and is left out.",)


def _numbers_rows(column: str, table: NDArray[np.float64]) -> bool:
    """True if the first of several columns is the index that pandas and R write before the others."""
    if table.shape[1] < 2 or column.lower() not in _INDEX or len(table) < 2:
        return False
    start = table[0, 0]
    return start in (0, 1) and np.array_equal(table[:, 0], start + np.arange(len(table)))


def source_of_table(
    table: NDArray[np.float64],
    columns: tuple[str, ...],
    name: str,
    title: str,
    form: str,
    labelling: Labelling = NO_LABELS,
    notes: tuple[str, ...] = (),
) -> NumberSource:
    """A table [M, D] with the names of its columns, and the classes of its rows."""
    stored = MemoryArray(title, table)
    train = Numbers(title, table.shape, table.dtype, stored.pieces, labelling.labels if labelling.names else None)
    return NumberSource(
        name,
        form,
        "points",
        train,
        class_names=labelling.names,
        columns=tuple(map(printable, columns)),
        notes=(f"Read as a table of {table.shape[1]:,} columns.", *notes),
        label_note=labelling.note,
    )


def _header(path: Path, reader: Iterator[list[str]], decimals: Decimals) -> tuple[list[str], tuple[str, ...] | None]:
    """The first line, and the names of the columns if it holds names: something that is no number."""
    first = next((row for row in reader if any(field.strip() for field in row)), None)
    if first is None:
        raise DataError(f"'{shown(path)}' is empty")
    fields = [field.strip() for field in first]
    start = int(not fields[0])  # an index has no name
    counted = len(fields) - start > 1 and fields[start:] == [str(number) for number in range(len(fields) - start)]
    if not counted and all(_is_number(field, decimals) or field.lower() in MISSING for field in fields):
        return first, None
    names = [field or f"column_{number}" for number, field in enumerate(fields)]
    twice = [each for each in names if names.count(each) > 1] if len(names) < _MOST_COLUMNS else []
    if twice:
        raise DataError(f"'{shown(path)}' has two columns '{printable(twice[0])}'; rename one of them")
    return first, tuple(names)


def _numbered(first: Sequence[list[str]], reader: Iterator[list[str]], start: int) -> Iterator[tuple[int, list[str]]]:
    number = start
    for row in first:
        yield number, row
        number += 1
    for row in reader:
        yield number, row
        number += 1


def _is_number(field: str, decimals: Decimals) -> bool:
    try:
        decimals.number(field)
    except UnclearNumber:
        return True
    except ValueError:
        return False
    return True


def _number(path: Path, line: int, column: str, field: str, decimals: Decimals) -> float:
    """The number of a field. Raises DataError, with line and column, for anything else."""
    text = field.strip()
    where = f"'{shown(path)}', line {line:,}, column '{printable(column)}'"
    if text.lower().lstrip("+-") in MISSING:
        raise DataError(f"{where} is empty ({text!r}): fill missing values or leave out these rows or the column")
    try:
        return decimals.number(text)
    except UnclearNumber:
        raise DataError(
            f"{where} holds '{text}', which is unclear: the file has decimal points and commas; write one of them"
        ) from None
    except ValueError:
        word = printable(text[:24])
        raise DataError(
            f"{where} holds text ('{word}'): leave the column out, put numbers in its place, or, if it is the class "
            f"of a row, name it 'label'"
        ) from None
