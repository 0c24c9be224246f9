"""The row groups of parquet files: known by the files' footers, read one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from steadygan.data.images.pictures import Pictures, printable
from steadygan.data.parquet.pictures import numbered
from steadygan.data.parquet.tables import Columns, Tables, opened_table
from steadygan.errors import DataError


class Location(NamedTuple):
    """One row group."""

    file: Path
    number: int
    """in its file"""
    rows: int
    """pictures"""
    nbytes: int
    """of its pictures, encoded"""

    def __str__(self) -> str:
        return f"row group {self.number} of '{printable(self.file.name)}'"


class Row(NamedTuple):
    """One picture as it lies in a file."""

    picture: bytes
    label: int
    """0 where there are none"""


@dataclass(frozen=True, eq=False)
class RowGroups:
    """Some row groups of parquet files of one kind."""

    places: tuple[Location, ...]
    columns: Columns
    labels: Mapping[object, int]
    """what stands in the column of labels -> the number of the class; empty: labels are not read"""

    @property
    def count(self) -> int:
        """Pictures."""
        return sum(place.rows for place in self.places)

    @property
    def nbytes(self) -> int:
        """Bytes of all pictures, encoded."""
        return sum(place.nbytes for place in self.places)

    def some(self, numbers: Sequence[int]) -> RowGroups:
        """These of the row groups."""
        return replace(self, places=tuple(self.places[number] for number in numbers))

    def read(self, number: int) -> list[Row]:
        """The pictures of one row group and their labels. Raises DataError, one line."""
        place, columns = self.places[number], self.columns
        names = [f"{columns.picture}.bytes" if columns.nested else columns.picture]
        if self.labels:
            assert columns.label is not None
            names.append(columns.label)
        with opened_table(place.file) as table:
            found = table.read_row_group(place.number, columns=names, use_threads=False)
            chunks = found.column(columns.picture).chunks
            if columns.nested:
                chunks = [chunk.field("bytes") for chunk in chunks]
            pictures = [picture or b"" for chunk in chunks for picture in chunk.to_pylist()]
            values = found.column(columns.label).to_pylist() if self.labels else [None] * len(pictures)
        if len(pictures) != place.rows:
            raise DataError(f"{place} has changed: {len(pictures)} pictures, and before {place.rows}")
        try:
            numbers = [self.labels[value] for value in values] if self.labels else [0] * len(pictures)
        except KeyError as error:
            raise DataError(f"{place} has changed: its label {error} was not there before") from None
        return [Row(picture, number) for picture, number in zip(pictures, numbers, strict=True)]

    def pictures(self) -> Pictures:
        """All of them as a source of pictures; labels are read at once."""

        def read() -> Iterator[bytes]:
            for number in range(len(self.places)):
                yield from (row.picture for row in self.read(number))

        names = [(place, row) for place in self.places for row in range(place.rows)]
        labels = None
        if self.labels:
            labels = np.array([row.label for number in range(len(self.places)) for row in self.read(number)], np.int64)
        return Pictures(len(names), read, lambda index: f"{names[index][0]}, row {names[index][1]}", labels)


class Found(NamedTuple):
    """What the footers of parquet files and their columns of labels say."""

    train: RowGroups
    test: RowGroups
    class_names: tuple[str, ...]
    notes: tuple[str, ...]


def look_at_footers(tables: Tables, use_labels: bool = True) -> Found:
    """The row groups of both splits that are not empty, and the classes; no picture is read."""
    columns, notes = tables.columns, tables.notes
    labels: Mapping[object, int] = {}
    names: tuple[str, ...] = ()
    if columns.label is not None and use_labels:
        train, test = (_kinds(files, columns.label) for files in (tables.train, tables.test))
        if train is None or test is None:
            notes = (*notes, f"Column '{columns.label}' has rows without a label: no labels are used.")
        elif train:
            kinds = np.array(sorted(train))
            numbers, names, _ = numbered(kinds, np.array(sorted(test)) if test else None, columns.class_names)
            labels = dict(zip(kinds.tolist(), numbers.tolist(), strict=True))
            if columns.class_names and names == columns.class_names:
                labels = {number: number for number in range(len(names))}
    splits = [RowGroups(tuple(_places(files, columns)), columns, labels) for files in (tables.train, tables.test)]
    return Found(splits[0], splits[1], names, notes)


def _places(files: Sequence[Path], columns: Columns) -> Iterator[Location]:
    for path in files:
        with opened_table(path) as table:
            if table.schema_arrow.get_field_index(columns.picture) < 0:
                raise DataError(f"'{path}' has no column '{columns.picture}', which the first of the files has")
            for number in range(table.metadata.num_row_groups):
                group = table.metadata.row_group(number)
                chunks = [group.column(i) for i in range(group.num_columns)]
                nbytes = sum(c.total_uncompressed_size for c in chunks if _within(c.path_in_schema, columns.picture))
                if group.num_rows:
                    yield Location(path, number, group.num_rows, nbytes)


def _within(path: str, column: str) -> bool:
    return path == column or path.startswith(f"{column}.")


def _kinds(files: Sequence[Path], column: str) -> set[Any] | None:
    """The different labels; None where a row has none (nothing, or -1 on the hub)."""
    kinds: set[Any] = set()
    for path in files:
        with opened_table(path) as table:
            values = table.read(columns=[column]).column(column)
        kinds.update(values.unique().to_pylist())
        if None in kinds:
            return None
    return None if any(isinstance(kind, int) and kind < 0 for kind in kinds) else kinds
