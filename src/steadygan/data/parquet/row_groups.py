"""Parquet files as shards: row groups that are known by the files' footers and read one at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from steadygan.data.labels import Labelling
from steadygan.data.options import LabelUse
from steadygan.data.parquet.pictures import label_classes, label_rows
from steadygan.data.parquet.tables import Columns, Tables, opened_table
from steadygan.data.streaming.shards import Encoded, Group, ShardSource, ShardSplits
from steadygan.errors import DataError

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
        names = [f"{columns.picture}.bytes" if columns.nested else columns.picture]
        if self.labels:
            assert columns.label is not None
            names.append(columns.label)
        with opened_table(group.file) as table:
            rows = table.read_row_group(group.number, columns=names, use_threads=False)
            chunks = rows.column(columns.picture).chunks
            if columns.nested:
                chunks = [chunk.field("bytes") for chunk in chunks]
            pictures = [picture or b"" for chunk in chunks for picture in chunk.to_pylist()]
            values = rows.column(columns.label).to_pylist() if self.labels else [None] * len(pictures)
        if len(pictures) != group.size:
            raise DataError(f"{group} has changed: {len(pictures)} pictures, and before {group.size}")
        try:
            labels = [self.labels[value] for value in values] if self.labels else [0] * len(pictures)
        except KeyError as error:
            raise DataError(f"{group} has changed: its label {error} was not there before") from None
        return [Encoded(picture, label) for picture, label in zip(pictures, labels, strict=True)]


def read_footers(tables: Tables, use: LabelUse = True) -> ShardSplits:
    """The row groups of both splits that are not empty, and the classes; no picture is read."""
    columns = tables.columns
    labels: Mapping[object, int] = {}
    found = Labelling()
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
                raise DataError(f"'{path}' has no column '{columns.picture}', which the first of the files has")
            for number in range(table.metadata.num_row_groups):
                group = table.metadata.row_group(number)
                chunks = [group.column(i) for i in range(group.num_columns)]
                nbytes = sum(c.total_uncompressed_size for c in chunks if _within(c.path_in_schema, columns.picture))
                if group.num_rows:
                    yield Group(path, number, group.num_rows, nbytes, _KIND)


def _within(path: str, column: str) -> bool:
    return path == column or path.startswith(f"{column}.")
