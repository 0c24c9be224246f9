"""Folders of .npy files of one sample each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, open_data
from steadygan.errors import DataError

RNG = np.random.default_rng(0)


def written(folder: Path, samples: np.ndarray, names=lambda i: f"{i:03d}.npy") -> Path:
    for index, sample in enumerate(samples):
        path = folder / names(index)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.save(path, sample)
    return folder


@pytest.mark.parametrize(
    ("shape", "kind"), [((64, 64), "image"), ((2, 90), "signal"), ((1, 8, 9, 10), "volume"), ((5,), "points")]
)
def test_a_folder_of_samples_is_read_as_one_array_of_them(tmp_path: Path, shape, kind) -> None:
    samples = RNG.random((20, *shape)).astype(np.float32)
    data = open_data(DataOptions(source=str(written(tmp_path / "set", samples))))
    np.save(tmp_path / "set.npy", samples)
    together = open_data(DataOptions(source=str(tmp_path / "set.npy")))
    assert data.sample == together.sample and data.sample.kind == kind
    assert data.fingerprint == together.fingerprint
    assert np.array_equal(data.train.some()[0], together.train.some()[0])


def test_folders_are_classes_and_numbered_ones_are_not(tmp_path: Path) -> None:
    samples = RNG.random((20, 2, 90)).astype(np.float32)
    named = written(tmp_path / "named", samples, lambda i: f"{'ab'[i % 2]}/{i}.npy")
    assert open_data(DataOptions(source=str(named))).class_names == ("a", "b")
    shards = written(tmp_path / "shards", samples, lambda i: f"{i % 2:05d}/{i}.npy")
    assert open_data(DataOptions(source=str(shards))).class_names == ()


def test_samples_of_several_shapes_are_one_line(tmp_path: Path) -> None:
    folder = written(tmp_path / "set", RNG.random((20, 2, 90)))
    np.save(folder / "odd.npy", RNG.random((2, 80)))
    with pytest.raises(DataError, match=r"2 forms: most are float64 \[2, 90\], '.*odd.npy' is float64 \[2, 80\]"):
        open_data(DataOptions(source=str(folder)))


def test_a_few_arrays_are_no_samples(tmp_path: Path) -> None:
    folder = written(tmp_path / "set", RNG.random((3, 40, 2, 90)))
    with pytest.raises(DataError, match="name one of the array files"):
        open_data(DataOptions(source=str(folder)))
