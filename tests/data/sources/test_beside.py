"""Folders that hold pictures and other data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, open_data
from steadygan.errors import DataError
from tests.data.making import colours, fill, idx
from tests.data.tables import pictures, write_table


def opened(folder: Path) -> Dataset:
    return open_data(DataOptions(source=str(folder)))


def arrays(folder: Path, count: int, shape: tuple[int, ...] = (16, 16)) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for place in range(count):
        np.save(folder / f"{place}.npy", np.random.default_rng(place).random(shape).astype(np.float32))


def test_a_preview_beside_other_data_is_not_the_data(tmp_path: Path) -> None:
    write_table(fill(tmp_path / "parquet", 2) / "train.parquet", pictures(20))
    arrays(fill(tmp_path / "samples", 1), 40)
    np.save(fill(tmp_path / "array", 3) / "x.npy", colours(30, 8))
    np.save(fill(tmp_path / "table", 1) / "x.npy", np.random.default_rng(0).random((30, 5)))
    (fill(tmp_path / "idx", 1) / "train-images-idx3-ubyte").write_bytes(idx(colours(20, 8, 1)[..., 0]))
    for name, count in (("parquet", 20), ("samples", 40), ("array", 30), ("table", 30), ("idx", 20)):
        data = opened(tmp_path / name)
        assert len(data.train) + len(data.held_out) == count
        assert data.audit is not None and "beside the data are not used." in data.audit.notes[-1]


def test_two_sets_of_data_are_refused_with_both_places(tmp_path: Path) -> None:
    root = tmp_path / "set"
    write_table(root / "data" / "train-00000-of-00001.parquet", pictures(20))
    fill(root / "assets", 20)
    with pytest.raises(DataError) as error:
        opened(root)
    assert str(error.value) == (
        f"folder '{root}' holds two sets of data, 20 pictures in '{root / 'assets'}' and 1 parquet file in "
        f"'{root / 'data' / 'train-00000-of-00001.parquet'}': give '{root / 'assets'}' or "
        f"'{root / 'data' / 'train-00000-of-00001.parquet'}'"
    )
    arrays(fill(tmp_path / "flat", 20), 1, (40, 8, 8))
    with pytest.raises(DataError, match=r"20 pictures in '.*flat' and arrays \(0.npy\).*move one into its own folder"):
        opened(tmp_path / "flat")
    arrays(tmp_path / "apart" / "npy", 16)
    fill(tmp_path / "apart" / "png", 16)
    with pytest.raises(DataError, match=r"give '.*png' or '.*npy'"):
        opened(tmp_path / "apart")


def test_what_belongs_to_pictures_is_no_other_data(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 20)
    arrays(folder, 20, (32, 32, 3))  # one beside each picture
    np.savez(tmp_path / "set" / "features.npz", x=np.zeros((20, 512)))
    assert len(opened(folder).train) == 18
    few = fill(tmp_path / "few", 20)
    np.save(few / "labels.npy", np.arange(20))
    np.save(few / "mean.npy", np.zeros((3, 32, 32)))
    write_table(few / "metadata.parquet", [b"text"] * 20, column="caption", nested=False)
    assert len(opened(few).train) == 18
