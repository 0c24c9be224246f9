"""Pictures in parquet files."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, Stored, open_data
from steadygan.errors import DataError
from tests.data.making import picture
from tests.data.tables import CLASSES, FEATURES, pictures, write_table


def opened(path: Path, **options: Any) -> Dataset:
    return open_data(DataOptions(source=str(path), **options))


def test_hub_features_name_the_pictures_and_the_classes(tmp_path: Path) -> None:
    labels = [place % 3 for place in range(30)]
    data = opened(write_table(tmp_path / "bugs.parquet", pictures(30), labels, features=FEATURES))
    assert data.name == "bugs"
    assert data.class_names == tuple(CLASSES)
    assert data.sample.shape == (3, 16, 16)
    assert isinstance(data.train, Stored)
    assert (len(data.train), len(data.held_out)) == (27, 3)
    assert data.train.labels is not None
    order = [np.asarray(picture(place)).transpose(2, 0, 1).tobytes() for place in range(30)]
    for image, label in zip(data.train.samples, data.train.labels, strict=True):
        assert order.index(image.tobytes()) % 3 == label


@pytest.mark.parametrize(
    ("column", "nested", "features"),
    [
        ("img", True, None),
        ("img", False, None),
        ("anything", True, None),
        ("anything", False, {"anything": {"_type": "Image"}}),
        ("img", True, {"img": "broken metadata"}),
    ],
)
def test_pictures_are_found_without_hub_features_too(
    tmp_path: Path, column: str, nested: bool, features: dict[str, Any] | None
) -> None:
    path = write_table(
        tmp_path / "set.parquet", pictures(20), ["x", "y"] * 10, column=column, nested=nested, features=features
    )
    data = opened(path)
    assert data.class_names == ("x", "y")


def test_of_several_class_columns_the_finest_is_used(tmp_path: Path) -> None:
    features = {
        "img": {"_type": "Image"},
        "coarse_label": {"_type": "ClassLabel", "names": ["a"]},
        "fine_label": {"_type": "ClassLabel", "names": CLASSES},
    }
    path = write_table(
        tmp_path / "set.parquet",
        pictures(18),
        [0, 1, 2] * 6,
        column="img",
        label_column="fine_label",
        features=features,
    )
    assert opened(path).class_names == tuple(CLASSES)


@pytest.mark.parametrize("missing", [None, -1])
def test_rows_without_a_label_mean_no_labels(tmp_path: Path, missing: int | None) -> None:
    path = write_table(tmp_path / "set.parquet", pictures(18), [0, 1, missing] * 6, features=FEATURES)
    data = opened(path)
    assert data.sample.classes == 0
    assert data.audit is not None
    assert "in column 'label' [18] are missing for 6 samples" in data.audit.label_note


def test_test_parquet_beside_train_parquet_is_the_official_split(tmp_path: Path) -> None:
    train = write_table(tmp_path / "bugs" / "train.parquet", pictures(20), [0, 1] * 10, features=FEATURES)
    write_table(tmp_path / "bugs" / "test.parquet", pictures(5, 50), [2] * 5, features=FEATURES)
    write_table(tmp_path / "bugs" / "other-test.parquet", pictures(9, 80), [2] * 9, features=FEATURES)
    data = opened(train)
    assert data.name == "bugs"
    assert isinstance(data.train, Stored)
    assert (len(data.train), len(data.held_out)) == (20, 5)
    assert data.held_out.labels is not None
    assert data.held_out.labels.tolist() == [2] * 5


def test_a_folder_of_shards_is_split_by_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    for shard in range(3):
        write_table(folder / f"train-{shard:05d}-of-00003.parquet", pictures(8, 10 * shard))
    write_table(folder / "validation-00000-of-00001.parquet", pictures(3, 50))
    write_table(folder / "test-00000-of-00001.parquet", pictures(4, 60))
    data = opened(tmp_path)
    assert isinstance(data.train, Stored)
    assert (len(data.train), len(data.held_out)) == (24, 4)
    assert data.audit is not None
    assert data.audit.notes == ("The validation split is not used.",)
    (folder / "test-00000-of-00001.parquet").unlink()
    data = opened(tmp_path)
    assert len(data.held_out) == 3
    assert data.audit is not None
    assert data.audit.held_out_from == "the source's own 'validation' split"


def test_split_folders_name_the_split(tmp_path: Path) -> None:
    write_table(tmp_path / "train" / "0000.parquet", pictures(20))
    write_table(tmp_path / "test" / "0000.parquet", pictures(6, 40))
    assert len(opened(tmp_path).held_out) == 6


def test_missing_shards_are_told(tmp_path: Path) -> None:
    for shard in (0, 2):
        write_table(tmp_path / f"train-{shard:05d}-of-00004.parquet", pictures(8, 10 * shard))
    with pytest.raises(DataError, match=r"2 of the 4 files 'train-\*-of-00004.parquet' are missing .* 00001 first"):
        opened(tmp_path)


def test_broken_pictures_are_named_by_file_and_row(tmp_path: Path) -> None:
    rows: list[bytes | None] = [*pictures(30), None, b"broken"]
    data = opened(write_table(tmp_path / "set.parquet", rows))
    assert data.audit is not None
    assert data.audit.unreadable == (
        ("set.parquet row 30", "empty"),
        ("set.parquet row 31", "not a picture that Pillow knows"),
    )


def test_a_table_without_pictures_says_what_it_has(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"text": ["a"], "n": [1]}), tmp_path / "set.parquet")
    with pytest.raises(DataError, match="has no column of encoded pictures; its columns are text: string, n: int64"):
        opened(tmp_path / "set.parquet")


@pytest.mark.parametrize("keep", [0, 100, -200])
def test_a_damaged_file_is_one_line(tmp_path: Path, keep: int) -> None:
    path = write_table(tmp_path / "set.parquet", pictures(20))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="cannot read") as error:
        opened(path)
    assert "\n" not in str(error.value)


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_table(tmp_path / "set.parquet", pictures(20))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"reading parquet needs pyarrow: pip install 'steadygan\[parquet\]'"):
        opened(path)
