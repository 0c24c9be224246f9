"""Parquet files as shards: row groups that are known by the files' footers and read one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from steadygan.data.labels import Labelling
from steadygan.data.options import LabelUse
from steadygan.data.parquet.batches import LABELS, PICTURES, batches, within
from steadygan.data.parquet.column_types import label_values
from steadygan.data.parquet.pictures import label_classes, label_rows
from steadygan.data.parquet.tables import Columns, Tables, encoded_pictures, opened_table
from steadygan.data.reading import need_memory, shown
from steadygan.data.streaming.shards import ENCODED_BYTES, Encoded, Group, ShardSource, ShardSplits
from steadygan.errors import DataError
from steadygan.system.memory import most_held

_KIND = "row group"


def shard_source(tables: Tables) -> ShardSource:
    """Parquet files for a stream; nothing is read yet."""
    return ShardSource(
        name=tables.name,
        format="parquet",
        group=_KIND,
        smaller="row_group_size=100",
        test_name=tables.test_name,
        open=lambda use: read_footers(tables, use),
    )


@dataclass(frozen=True, eq=False)
class RowGroups:
    """Shards of parquet files with the same columns."""

    groups: tuple[Group, ...]
    columns: Columns
    labels: Mapping[object, int]
    """value in the column of labels -> class number; empty: labels are not read"""

    @property
    def labelled(self) -> bool:
        """True if labels are read."""
        return bool(self.labels)

    def select(self, numbers: Sequence[int]) -> RowGroups:
        """Only these of the row groups."""
        return replace(self, groups=tuple(self.groups[number] for number in numbers))

    def without_labels(self) -> RowGroups:
        """The same row groups; the column of labels is not read."""
        return replace(self, labels={})

    def read(self, number: int) -> list[Encoded]:
        """The pictures of one row group and their labels. Raises DataError, one line."""
        group, columns = self.groups[number], self.columns
        with opened_table(group.file) as table:
            here = range(group.number, group.number + 1)
            pictures = list(self._pictures(table, here, str(group)))
            values = [None] * len(pictures)
            if self.labels:
                assert columns.label is not None
                values = [
                    value for column in batches(table, columns.label, LABELS, here) for value in label_values(column)
                ]
        if len(pictures) != group.size:
            raise DataError(f"{group} has changed: {len(pictures)} pictures, and before {group.size}")
        try:
            labels = [self.labels[value] for value in values] if self.labels else [0] * len(pictures)
        except KeyError as error:
            raise DataError(f"{group} has changed: its label {error} was not there before") from None
        return [Encoded(picture, label) for picture, label in zip(pictures, labels, strict=True)]

    def _pictures(self, table: Any, groups: range, title: str) -> Iterator[bytes]:
        """The encoded pictures of row groups. Raises DataError if they are more than is held in memory."""
        held, most = 0, most_held()
        for column in batches(table, self.columns.path, PICTURES, groups):
            for picture in encoded_pictures(column, self.columns, title).to_pylist():
                held += len(picture or b"") + ENCODED_BYTES
                if held > most:
                    need_memory(title, held, "its pictures take more than")
                yield picture or b""


def read_footers(tables: Tables, use: LabelUse = True) -> ShardSplits:
    """The row groups of both splits that are not empty, and the classes; no picture is read."""
    columns = tables.columns
    labels: Mapping[object, int] = {}
    found = Labelling(note=columns.label_note)
    if columns.label is not None and use is not False:
        train, test = label_rows(tables.train, columns), label_rows(tables.test, columns)
        found = label_classes(train, test or None, columns, use)
        if found.names and isinstance(train[0], list):
            what = "are vectors, and a stream takes numbers or words"
            found = Labelling(note=f"The labels in column '{columns.label}' {what}")
        elif found.names and found.labels is not None:
            labels = dict(zip(train, found.labels.tolist(), strict=True))
            if columns.class_names and found.names == columns.class_names:
                labels = {number: number for number in range(len(found.names))}
    splits = [RowGroups(tuple(_groups(files, columns)), columns, labels) for files in (tables.train, tables.test)]
    return ShardSplits(splits[0], splits[1], found.names, tables.notes, found.note)


def _groups(files: Sequence[Path], columns: Columns) -> Iterator[Group]:
    for path in files:
        with opened_table(path) as table:
            if table.schema_arrow.get_field_index(columns.picture) < 0:
                raise DataError(f"'{shown(path)}' has no column '{columns.picture}', which the first of the files has")
            for number in range(table.metadata.num_row_groups):
                group = table.metadata.row_group(number)
                chunks = [group.column(i) for i in range(group.num_columns)]
                nbytes = sum(c.total_uncompressed_size for c in chunks if within(c.path_in_schema, columns.picture))
                if group.num_rows:
                    yield Group(path, number, group.num_rows, nbytes, _KIND)
