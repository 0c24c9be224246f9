"""Parquet files as the Hugging Face hub stores them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.data.making import encoded, picture

CLASSES = ["ant", "bee", "cat"]


def pictures(count: int, start: int = 0) -> list[bytes]:
    return [encoded(picture(place)) for place in range(start, start + count)]


def write_table(
    path: Path,
    images: list[bytes | None],
    labels: list[Any] | None = None,
    *,
    features: dict[str, Any] | None = None,
    column: str = "image",
    label_column: str = "label",
    nested: bool = True,
) -> Path:
    """A parquet file of pictures; ``features`` is the hub's metadata (None: it has none)."""
    if nested:
        kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
        array = pa.array([None if raw is None else {"bytes": raw, "path": None} for raw in images], kind)
    else:
        array = pa.array(images, pa.binary())
    columns = {"index": pa.array(range(len(images))), column: array}
    if labels is not None:
        columns[label_column] = pa.array(labels)
    table = pa.table(columns)
    if features is not None:
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=8)
    return path


FEATURES = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": CLASSES}}
