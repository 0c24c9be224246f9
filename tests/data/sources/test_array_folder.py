"""Folders of .npy files of one sample each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, open_data
from steadygan.errors import DataError, UsageError

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


def test_folders_for_train_and_test_are_splits_and_those_in_them_classes(tmp_path: Path) -> None:
    samples = RNG.random((60, 2, 90)).astype(np.float32)
    places = [f"{'test' if i % 3 == 2 else 'train'}/{'ab'[i % 2]}/{i}.npy" for i in range(60)]
    data = open_data(DataOptions(source=str(written(tmp_path / "set", samples, places.__getitem__))))
    assert data.class_names == ("a", "b") and len(data.train) == 40 and len(data.held_out) == 20
    assert not {row.tobytes() for row in data.train.samples} & {row.tobytes() for row in data.held_out.samples}
    assert sorted(np.bincount(data.held_out.labels)) == [10, 10]
    plain = written(tmp_path / "plain", samples, lambda i: f"{'val' if i % 3 == 2 else 'train'}/{i}.npy")
    without = open_data(DataOptions(source=str(plain)))
    assert without.class_names == () and len(without.train) == 40 and len(without.held_out) == 20


def test_shards_are_no_classes_and_the_digits_are(tmp_path: Path) -> None:
    samples = RNG.random((40, 2, 90)).astype(np.float32)
    shards = written(tmp_path / "shards", samples, lambda i: f"part-{i // 20:04d}/{i}.npy")
    data = open_data(DataOptions(source=str(shards)))
    assert data.class_names == () and any("only number files" in said for said in data.audit.what_training_will_do)
    digits = written(tmp_path / "digits", samples, lambda i: f"{i % 10}/{i // 10}.npy")
    assert open_data(DataOptions(source=str(digits))).class_names == tuple("0123456789")
    flat = written(tmp_path / "flat", samples)
    with pytest.raises(UsageError, match="'flat' has no folders that could be classes"):
        open_data(DataOptions(source=str(flat), labels="folders"))
