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

from steadygan.data.images.pictures import Pictures, PictureSource, number_labels, printable
from steadygan.data.parquet.batches import LABELS, PICTURES, batches
from steadygan.data.parquet.tables import Columns, Tables, are_labels, encoded_pictures, opened_table
from steadygan.data.reading import shown


def open_tables(tables: Tables) -> PictureSource:
    """A picture source of parquet files, with labels."""
    columns, notes, test = tables.columns, tables.notes, tables.test
    train_values = _label_values(tables.train, columns)
    test_values = _label_values(test, columns) if test else None
    labels: NDArray[np.int64] | None = None
    test_labels: NDArray[np.int64] | None = None
    names: tuple[str, ...] = ()
    if columns.label and (train_values is None or (test and test_values is None)):
        notes = (*notes, f"Column '{columns.label}' has rows without a label: no labels are used.")
    elif train_values is not None:
        labels, names, test_labels = numbered(train_values, test_values, columns.class_names)
    return PictureSource(
        tables.name,
        "parquet",
        _pictures(tables.train, columns, labels),
        _pictures(test, columns, test_labels) if test else None,
        tables.test_name,
        names,
        notes=notes,
    )


def numbered(
    train: NDArray[Any], test: NDArray[Any] | None, class_names: tuple[str, ...]
) -> tuple[NDArray[np.int64], tuple[str, ...], NDArray[np.int64] | None]:
    """Training labels, class names, test labels; the file's own class names if they fit the values."""
    both = [train] if test is None else [train, test]
    if class_names and all(values.dtype.kind in "iu" and values.max() < len(class_names) for values in both):
        return train.astype(np.int64), class_names, None if test is None else test.astype(np.int64)
    return number_labels(train, test)


def _label_values(files: Sequence[Path], columns: Columns) -> NDArray[Any] | None:
    """One value a row; None without a label column, or if a row has no label (null, or -1 on the hub).

    A text of more than ``LONGEST_LABEL`` characters is no label either.
    """
    if columns.label is None:
        return None
    values: list[Any] = []
    for path in files:
        with opened_table(path) as table:
            for column in batches(table, columns.label, LABELS):
                if not are_labels(piece := column.to_pylist()):
                    return None
                values += piece
    return np.array(values, dtype=object if values and isinstance(values[0], str) else None)


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
