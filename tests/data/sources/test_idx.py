"""MNIST's files (IDX)."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, Stored, open_data
from steadygan.errors import DataError
from tests.data.making import colours, idx

TRAIN = colours(30, 28, 1)[..., 0]
TEST = colours(7, 28, 1, seed=9)[..., 0]
LABELS = (np.arange(30) % 3).astype(np.uint8)


def write(folder: Path, packed: bool = True, dot: bool = False) -> Path:
    folder.mkdir()
    ending = ".gz" if packed else ""
    sep = "." if dot else "-"
    for name, array in (("train", TRAIN), ("t10k", TEST)):
        labels = LABELS if name == "train" else (np.arange(7) % 3).astype(np.uint8)
        (folder / f"{name}-images{sep}idx3-ubyte{ending}").write_bytes(idx(array, packed))
        (folder / f"{name}-labels{sep}idx1-ubyte{ending}").write_bytes(idx(labels, packed))
    return folder


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("dot", [True, False])
def test_a_folder_of_idx_files_has_labels_and_its_test_split(tmp_path: Path, packed: bool, dot: bool) -> None:
    data = open_data(DataOptions(source=str(write(tmp_path / "mnist", packed, dot))))
    assert data.name == "mnist"
    assert data.sample.shape == (1, 28, 28)
    assert data.sample.classes == 3
    assert isinstance(data.train, Stored)
    assert np.array_equal(data.train.samples[:, 0], TRAIN)
    assert np.array_equal(data.held_out.samples[:, 0], TEST)
    assert data.train.labels is not None
    assert np.array_equal(data.train.labels, LABELS)


def test_a_single_file_finds_its_companions(tmp_path: Path) -> None:
    folder = write(tmp_path / "mnist")
    data = open_data(DataOptions(source=str(folder / "train-images-idx3-ubyte.gz")))
    assert len(data.held_out) == 7
    assert data.sample.classes == 3
    alone = open_data(DataOptions(source=str(folder / "train-images-idx3-ubyte.gz"), labels=False))
    assert alone.sample.classes == 0


def test_without_companions_a_tenth_is_held_out(tmp_path: Path) -> None:
    path = tmp_path / "some-images-idx3-ubyte"
    path.write_bytes(idx(TRAIN))
    data = open_data(DataOptions(source=str(path)))
    assert len(data.held_out) == 3
    assert data.sample.classes == 0


def test_several_sets_in_one_folder_have_to_be_named(tmp_path: Path) -> None:
    for name in ("a-train", "b-train"):
        (tmp_path / f"{name}-images-idx3-ubyte").write_bytes(idx(TRAIN))
    with pytest.raises(DataError, match=r"several sets of pictures \(a-train-images-idx3-ubyte, b-train"):
        open_data(DataOptions(source=str(tmp_path)))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not an idx file: it begins with nothing"),
        (b"hello world", "is not an idx file: it begins with 68656c6c"),
        (idx(TRAIN)[:-5], "is damaged: 23,520 bytes expected, 23,515 found"),
        (idx(TRAIN) + b"x", "is damaged: 23,520 bytes expected, more found"),
        (gzip.compress(idx(TRAIN))[:200], "cannot read"),
        (struct.pack(">BBBBIII", 0, 0, 8, 3, 2**31, 2**31, 2**31), "is damaged"),
        (struct.pack(">BBBBI", 0, 0, 10, 1, 4) + b"\0" * 16, "holds idx type 0x0a"),
        (idx(LABELS), "holds an array of 1 dimensions"),
    ],
)
def test_a_broken_file_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "train-images-idx3-ubyte"
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        open_data(DataOptions(source=str(path)))
    assert said in str(error.value)


def test_labels_of_another_number_are_refused(tmp_path: Path) -> None:
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(TRAIN))
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(LABELS[:5]))
    with pytest.raises(DataError, match=r"holds 5 labels \[5\] for 30 samples"):
        open_data(DataOptions(source=str(tmp_path)))


def test_the_file_of_labels_is_not_the_data(tmp_path: Path) -> None:
    folder = write(tmp_path / "mnist")
    with pytest.raises(DataError, match="holds labels; give the file of pictures"):
        open_data(DataOptions(source=str(folder / "train-labels-idx1-ubyte.gz")))
