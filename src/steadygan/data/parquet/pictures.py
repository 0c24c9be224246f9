"""All pictures of parquet files, as the Hugging Face hub stores them."""

from __future__ import annotations

import bisect
import hashlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.pictures import Pictures, PictureSource, printable
from steadygan.data.labels import Labelling, Values, read_labels
from steadygan.data.options import LabelUse
from steadygan.data.parquet.batches import LABELS, PICTURES, batches
from steadygan.data.parquet.column_types import label_values
from steadygan.data.parquet.tables import LONGEST_LABEL, Columns, Tables, encoded_pictures, opened_table
from steadygan.data.reading import shown


def open_tables(tables: Tables, use: LabelUse = True) -> PictureSource:
    """A picture source of parquet files, with labels.

    Args:
        tables: files and columns
        use: the option ``labels``
    """
    columns, test = tables.columns, tables.test
    labelling = Labelling(note=columns.label_note)
    if columns.label is not None:
        train_rows = label_rows(tables.train, columns)
        test_rows = label_rows(test, columns) if test else None
        labelling = label_classes(train_rows, test_rows, columns, use)
    return PictureSource(
        tables.name,
        "parquet",
        _pictures(tables.train, columns, labelling.labels),
        _pictures(test, columns, labelling.test_labels) if test else None,
        tables.test_name,
        labelling.names,
        notes=tables.notes,
        label_note=labelling.note,
    )


def label_rows(files: Sequence[Path], columns: Columns) -> list[Any] | str:
    """The label of each row as a Python value, None where it is missing (null, or -1 of the hub's classes).

    For texts of more than ``LONGEST_LABEL`` characters and for bytes that are no text, which are no labels, what they
    are.
    """
    rows: list[Any] = []
    assert columns.label is not None
    for path in files:
        with opened_table(path) as table:
            for column in batches(table, columns.label, LABELS):
                piece = list(label_values(column))
                if any(isinstance(row, bytes) for row in piece):
                    return "are bytes that are no words"
                if any(isinstance(row, str) and len(row) > LONGEST_LABEL for row in piece):
                    return f"are texts of more than {LONGEST_LABEL} characters"
                rows += piece
    if columns.class_names:
        rows = [None if isinstance(row, int) and row < 0 else row for row in rows]
    return rows


def label_classes(train: list[Any] | str, test: list[Any] | str | None, columns: Columns, use: LabelUse) -> Labelling:
    """Classes of the labels; the file's own class names if they fit the values."""
    title = f"in column '{columns.label}'"
    both = [train] if test is None else [train, test]
    names = columns.class_names
    lists = [rows for rows in both if not isinstance(rows, str)]
    if len(lists) < len(both):
        what = next(rows for rows in both if isinstance(rows, str))
        return Labelling(note=f"The labels {title} {what}")
    if names and all(type(row) is int and row < len(names) for rows in lists for row in rows) and use != "likeliest":
        numbers = [np.array(rows, dtype=np.int64) for rows in lists]
        return Labelling(numbers[0], names, numbers[1] if len(numbers) > 1 else None)
    values = [Values.of(rows, title, len(rows)) for rows in lists]
    return read_labels(values[0], values[1] if len(values) > 1 else None, use)


def _pictures(files: Sequence[Path], columns: Columns, labels: NDArray[np.int64] | None) -> Pictures:
    counts = []
    key = hashlib.blake2b(repr(columns).encode(), digest_size=16)
    for path in files:
        with opened_table(path) as table:
            counts.append(table.metadata.num_rows)
        status = path.stat()
        line = f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}\n"
        key.update(line.encode("utf-8", "surrogateescape"))
    starts = list(itertools.accumulate(counts, initial=0))

    def name_of(index: int) -> str:
        file = bisect.bisect_right(starts, index) - 1
        return f"{printable(files[file].name)} row {index - starts[file]}"

    return Pictures(starts[-1], _reader(files, columns), name_of, labels, key.hexdigest())


def _reader(files: Sequence[Path], columns: Columns) -> Callable[[], Iterator[bytes]]:
    def read() -> Iterator[bytes]:
        for path in files:
            with opened_table(path) as table:
                for column in batches(table, columns.path, PICTURES):
                    for value in encoded_pictures(column, columns, f"'{shown(path)}'"):
                        yield value.as_py() or b""

    return read
