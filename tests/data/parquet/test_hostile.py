"""Parquet files that are damaged, hostile or unusual."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from steadygan.data import DataOptions, audit_data, open_data
from steadygan.data.parquet.batches import batches, chunk_bytes
from steadygan.errors import DataError
from tests.data.tables import FEATURES, pictures, write_table


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(DataError) as error:
        open_data(DataOptions(source=str(path), **options))
    line = str(error.value)
    assert line.isprintable() and len(line) < 600
    return line


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("table", "said"),
    [
        (
            pa.table({"x": [{"bytes": 5}] * 48}),
            "its columns are x: struct<bytes: int64>",
        ),
        (pa.table({"image": [1.5] * 48}), "no column of encoded pictures"),
        (pa.table({"image": [["a"]] * 48}), "no column of encoded pictures"),
        (pa.table({"\x1b[31m": [1] * 48}), r"its columns are \x1b[31m: int64"),
        (pa.table({"image": pa.array([], pa.binary())}), "0 "),
        (pa.table({}), "no column of encoded pictures"),
    ],
    ids=["numbers", "floats", "lists", "escapes", "empty", "nothing"],
)
def test_tables_without_pictures_are_one_line(tmp_path: Path, table: pa.Table, said: str, stream: bool) -> None:
    pq.write_table(table, tmp_path / "a.parquet")
    assert said in refusal(tmp_path / "a.parquet", stream=stream)


def test_metadata_that_is_nested_deeply_or_hostile_is_none(tmp_path: Path) -> None:
    for content in (b"[" * 100_000, b'{"info": ' * 90_000, b"\xff", b"9" * 10_000, b'{"info": {"features": 3}}'):
        table = pa.table({"image": pictures(48), "label": [0, 1] * 24}).replace_schema_metadata(
            {"huggingface": content}
        )
        pq.write_table(table, tmp_path / "a.parquet")
        assert open_data(DataOptions(source=str(tmp_path / "a.parquet"))).class_names == ("0", "1")


def test_class_names_of_the_hub_are_escaped(tmp_path: Path) -> None:
    features = {**FEATURES, "label": {"_type": "ClassLabel", "names": ["\x1b]0;pwned\x07", "b", "c"]}}
    write_table(tmp_path / "a.parquet", pictures(48), [0, 1, 2] * 16, features=features)
    text = "\n".join(audit_data(DataOptions(source=str(tmp_path / "a.parquet"))).lines())
    assert r"\x1b]0;pwned\x07" in text and "\x1b" not in text


@pytest.mark.parametrize("stream", [False, True])
def test_a_later_file_with_another_schema_is_one_line(tmp_path: Path, stream: bool) -> None:
    write_table(tmp_path / "d/train-0.parquet", pictures(48), features=FEATURES)
    columns: list[pa.Array] = [pa.array([{"bytes": 5}] * 48), pa.array([5] * 48), pa.array(["a"] * 48)]
    for column in columns:
        pq.write_table(pa.table({"image": column}), tmp_path / "d/train-1.parquet", row_group_size=8)
        line = refusal(tmp_path / "d", stream=stream)
        assert "train-1.parquet" in line or "int64" in line or "cannot read" in line


def test_pipes_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.parquet")
    assert "is a FIFO" in refusal(tmp_path / "a.parquet")
    (tmp_path / "d").mkdir()
    os.mkfifo(tmp_path / "d/train.parquet")
    assert "is a FIFO" in refusal(tmp_path / "d")


def test_a_dictionary_bomb_takes_few_times_its_value(tmp_path: Path) -> None:
    value = b"x" * 20_000_000  # a batch of 32 rows would be 640 MB
    column = pa.DictionaryArray.from_arrays(pa.array([0] * 40, pa.int32()), pa.array([value], pa.binary()))
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"image": column}), path, dictionary_pagesize_limit=2**30, store_schema=False)
    assert path.stat().st_size < 2 * 10**6
    with pq.ParquetFile(path, pre_buffer=False) as table:
        rows = [len(batch) for batch, _ in zip(batches(table, "image", 32), range(2), strict=False)]
        assert chunk_bytes(table.metadata, 0, "image") >= len(value)
    assert max(rows) * len(value) <= 2**28


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("rows", [1, 7, 100])
def test_batches_are_the_column(tmp_path: Path, nested: bool, rows: int) -> None:
    images = pictures(30)
    path = write_table(tmp_path / "a.parquet", list(images), nested=nested)
    with pq.ParquetFile(path) as table:
        found = list(batches(table, "image.bytes" if nested else "image", rows))
        second = list(batches(table, "image.bytes" if nested else "image", rows, range(1, 2)))
    values = [value for batch in found for value in (batch.field("bytes") if nested else batch).to_pylist()]
    assert values == images
    assert sum(map(len, second)) == 8 and max(map(len, found)) <= min(rows, 8)


def test_a_row_group_that_is_larger_than_the_bound_is_not_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images = [picture + bytes(50_000) for picture in pictures(200)]
    pq.write_table(pa.table({"image": images}), tmp_path / "a.parquet", row_group_size=50)
    assert len(open_data(DataOptions(source=str(tmp_path / "a.parquet"), stream=True)).train) == 150
    monkeypatch.setenv("STEADYGAN_MEMORY", "1e6")
    assert "its pictures take more than" in refusal(tmp_path / "a.parquet", stream=True)


def test_texts_that_are_too_long_for_labels_are_none(tmp_path: Path) -> None:
    write_table(tmp_path / "a.parquet", list(pictures(48)), ["a" * 5_000, "b"] * 24)
    assert open_data(DataOptions(source=str(tmp_path / "a.parquet"))).class_names == ()
    write_table(tmp_path / "b.parquet", list(pictures(48)), ["a" * 500, "b"] * 24)
    assert open_data(DataOptions(source=str(tmp_path / "b.parquet"))).class_names == ("a" * 200 + "…", "b")


@pytest.mark.parametrize("stream", [False, True])
def test_bytes_that_are_flipped_anywhere_are_a_line_or_harmless(tmp_path: Path, stream: bool) -> None:
    whole = write_table(tmp_path / "a.parquet", list(pictures(48)), [0, 1] * 24, features=FEATURES).read_bytes()
    rng = np.random.default_rng(0)
    damages: list[Callable[[bytearray], None]] = [
        lambda raw: raw.__delitem__(slice(int(rng.integers(len(raw))), None)),
        lambda raw: raw.__setitem__(int(rng.integers(len(raw) - 2_000, len(raw))), int(rng.integers(256))),
        lambda raw: raw.__setitem__(int(rng.integers(len(raw))), int(rng.integers(256))),
    ]
    for trial in range(60):
        raw = bytearray(whole)
        damages[trial % 3](raw)
        (tmp_path / "b.parquet").write_bytes(raw)
        with suppress(DataError):
            open_data(DataOptions(source=str(tmp_path / "b.parquet"), stream=stream))
