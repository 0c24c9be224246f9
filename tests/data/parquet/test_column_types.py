"""Types of parquet columns in which pictures and labels come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from steadygan.data import DataOptions, Dataset, open_data
from tests.data.tables import pictures

ROWS = pictures(20)
WORDS = ["cat", "dog"] * 10


def opened(path: Path, columns: dict[str, Any], **options: Any) -> Dataset:
    pq.write_table(pa.table(columns), path / "set.parquet", row_group_size=4)
    return open_data(DataOptions(source=str(path / "set.parquet"), **options))


@pytest.mark.parametrize(
    "labels",
    [
        pa.array(WORDS).dictionary_encode(),
        pa.array(WORDS).cast(pa.string_view()),
        pa.array([word.encode() for word in WORDS]),
        pa.array([word.encode() for word in WORDS]).cast(pa.binary_view()),
        pa.array([word.encode() for word in WORDS]).dictionary_encode(),
    ],
    ids=lambda labels: str(labels.type)[:24],
)
@pytest.mark.parametrize("stream", [False, True])
def test_words_of_any_type_are_classes(tmp_path: Path, labels: Any, stream: bool) -> None:
    data = opened(tmp_path, {"image": ROWS, "label": labels}, stream=stream)
    assert data.class_names == ("cat", "dog")


@pytest.mark.parametrize(
    "images", [pa.array(ROWS).dictionary_encode(), pa.array(ROWS).cast(pa.binary_view())], ids=["dictionary", "view"]
)
@pytest.mark.parametrize("stream", [False, True])
def test_pictures_of_any_type_of_bytes_are_read(tmp_path: Path, images: Any, stream: bool) -> None:
    data = opened(tmp_path, {"image": images}, stream=stream)
    assert data.sample.shape == (3, 16, 16) and len(data.held_out) > 0


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (pa.array([1, 2] * 10, pa.date32()), "in column 'label' are date32[day], which is no type of classes"),
        (pa.array([{"a": 1}] * 20), "in column 'label' are struct<a: int64>"),
        (pa.array([b"\xff\xfe", b"\x80"] * 10), "in column 'label' are bytes that are no words"),
    ],
)
def test_labels_of_other_types_are_named(tmp_path: Path, labels: Any, said: str) -> None:
    for stream in (False, True):
        data = opened(tmp_path, {"image": ROWS, "label": labels}, stream=stream)
        assert data.class_names == () and data.audit is not None and said in data.audit.label_note


def test_columns_that_are_not_used_are_named(tmp_path: Path) -> None:
    columns = {
        "image": ROWS,
        "img": ROWS[::-1],
        "breed": WORDS,
        "id": list(range(20)),
        "caption": list(map(str, range(20))),
    }
    audit = opened(tmp_path, columns).audit
    assert audit is not None and audit.notes == (
        "Not used: 'img', which may hold pictures too.",
        "Not used: 'breed'; labels are looked for under label, class, category, y, target.",
    )
    labelled = opened(tmp_path, {"image": ROWS, "breed": WORDS, "y": WORDS}).audit
    assert labelled is not None and labelled.notes == ()
