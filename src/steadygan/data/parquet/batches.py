"""One column of a parquet file in batches of few rows, so that no batch takes more memory than it has to.

A dictionary-encoded column holds a value once, however many rows repeat it: a batch may be as large as the dictionary
times its rows. So batches are small where a column's chunks are large.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from steadygan.errors import DataError

PICTURES, LABELS = 32, 4096
"""rows of a batch, at most; 8 pictures cost as little a picture as 256"""
_BYTES = 2**28  # of a batch, unless one value is larger
_MOST_ROWS = 2**40


def check_rows(title: str, metadata: Any) -> None:
    """Raises DataError unless the numbers of rows in a footer agree."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    counts = [group.num_rows for group in groups]
    if min(counts, default=0) < 0 or sum(counts) != metadata.num_rows or metadata.num_rows > _MOST_ROWS:
        said = f"its footer announces {metadata.num_rows:,} rows, and its groups {sum(counts):,}"
        raise DataError(f"{title} is damaged: {said}")


def within(path: str, column: str) -> bool:
    """True if a leaf column is a column or lies in it."""
    return path == column or path.startswith(f"{column}.")


def chunk_bytes(metadata: Any, number: int, column: str) -> int:
    """Bytes of a column in a row group, packed or not, whichever is more."""
    group = metadata.row_group(number)
    chunks = [group.column(index) for index in range(group.num_columns)]
    return sum(
        max(chunk.total_uncompressed_size, chunk.total_compressed_size)
        for chunk in chunks
        if within(chunk.path_in_schema, column)
    )


def batches(table: Any, column: str, rows: int, groups: range | None = None) -> Iterator[Any]:
    """The column as arrow arrays of at most ``rows`` values.

    Args:
        table: an open ``pyarrow.parquet.ParquetFile``
        column: a column, or a field of one: 'image.bytes'
        rows: of a batch, at most
        groups: row groups; None: all
    """
    outer = column.removesuffix(".bytes") if column.endswith(".bytes") else column
    for number in range(table.metadata.num_row_groups) if groups is None else groups:
        few = max(1, min(rows, _BYTES // max(1, chunk_bytes(table.metadata, number, outer))))
        for batch in table.iter_batches(batch_size=few, row_groups=[number], columns=[column], use_threads=False):
            yield batch.column(0)
