"""Folders that are splits, by the words in their names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, open_data
from tests.data.making import fill


def opened(root: Path, folders: dict[str, int]) -> Dataset:
    for place, (folder, count) in enumerate(folders.items()):
        fill(root / folder, count, start=50 * place)
    return open_data(DataOptions(source=str(root)))


@pytest.mark.parametrize(
    ("train", "test"),
    [
        ("train2017", "val2017"),
        ("training_set", "test_set"),
        ("seg_train/seg_train", "seg_test/seg_test"),
        ("train", "dev"),
        ("train", "eval"),
        ("Train Images", "Test Images"),
        ("TrainImages", "ValidationImages"),
        ("trainset", "testset"),
        ("data/TRAIN", "data/HoldOut"),
        ("DIV2K_train_HR", "DIV2K_valid_HR"),
    ],
)
@pytest.mark.parametrize("classes", [("cats", "dogs"), ("",)])
def test_words_for_train_and_test_in_the_names_of_folders_are_splits(tmp_path: Path, train, test, classes) -> None:
    folders = {f"{train}/{name}": 10 * (3 - len(classes)) for name in classes}
    data = opened(tmp_path / "set", {**folders, **{f"{test}/{name}": 4 for name in classes}})
    assert (len(data.train), len(data.held_out)) == (20, 4 * len(classes))
    assert data.class_names == tuple(name for name in classes if name)
    assert "is trained on, the folder '" in data.audit.notes[0] and "' is held out" in data.audit.notes[0]


@pytest.mark.parametrize(
    "names",
    [
        ("train", "car", "bus"),
        ("bullet_train", "test_tube"),
        ("steam train", "freight train"),
        ("train", "test tube", "car"),
        ("trainers", "testers"),
        ("training shoes", "valley"),
    ],
)
def test_classes_that_contain_such_words_stay_classes(tmp_path: Path, names: tuple[str, ...]) -> None:
    data = opened(tmp_path / "set", dict.fromkeys(names, 8))
    assert data.class_names == tuple(sorted(names))
    assert len(data.train) + len(data.held_out) == 8 * len(names)


def test_splits_inside_of_classes_are_not_trained_on(tmp_path: Path) -> None:
    data = opened(tmp_path / "set", {"cats/train": 10, "cats/test": 4, "dogs/train": 12, "dogs/test": 5, "birds": 9})
    assert data.class_names == ("birds", "cats", "dogs")
    assert np.bincount(data.train.labels).tolist() == [9, 10, 12]
    assert np.bincount(data.held_out.labels).tolist() == [0, 4, 5]


def test_a_pair_of_folders_is_a_split_beside_other_folders(tmp_path: Path) -> None:
    data = opened(
        tmp_path / "set", {"seg_train/a": 10, "seg_train/b": 10, "seg_test/a": 3, "seg_test/b": 3, "seg_pred": 7}
    )
    assert (len(data.train), len(data.held_out), data.class_names) == (20, 6, ("a", "b"))
    assert "7 files outside of these are not used" in data.audit.notes[0]


def test_several_folders_for_training_are_classes_unless_they_are_numbered(tmp_path: Path) -> None:
    horses = opened(tmp_path / "horses", {"trainA": 10, "trainB": 11, "testA": 3, "testB": 4})
    assert horses.class_names == ("A", "B")
    assert np.bincount(horses.train.labels).tolist() == [10, 11]
    assert np.bincount(horses.held_out.labels).tolist() == [3, 4]
    years = opened(tmp_path / "years", {"train2014/a": 8, "train2014/b": 8, "train2017/a": 8, "val2017/a": 5})
    assert years.class_names == ("a", "b") and np.bincount(years.train.labels).tolist() == [16, 8]


def test_a_further_folder_for_tests_does_not_take_the_classes_away(tmp_path: Path) -> None:
    data = opened(tmp_path / "set", {"Training/a": 10, "Training/b": 10, "Test/a": 4, "Test/b": 4, "test-multiple": 9})
    assert data.class_names == ("a", "b") and len(data.held_out) == 8


def test_a_split_without_classes_does_not_take_those_of_training_away(tmp_path: Path) -> None:
    folders = {"train/a": 20, "train/b": 20, "test": 9}
    data = opened(tmp_path / "two", folders)
    assert data.class_names == ("a", "b") and (len(data.train), len(data.held_out)) == (36, 4)
    assert data.audit is not None and data.audit.notes == (
        "The folder 'train' is trained on; 9 files outside of these are not used.",
        "The folder 'test' has no classes and is not used (--data.labels false holds it out).",
    )
    without = open_data(DataOptions(source=str(tmp_path / "two"), labels=False))
    assert len(without.held_out) == 9
    three = opened(tmp_path / "three", {**folders, "valid/a": 3, "valid/b": 3})
    assert three.class_names == ("a", "b") and (len(three.train), len(three.held_out)) == (40, 6)


def test_classes_of_both_splits_may_lie_at_different_depths(tmp_path: Path) -> None:
    data = opened(tmp_path / "set", {"train/images/a": 10, "train/images/b": 10, "test/a": 4, "test/b": 3})
    assert data.class_names == ("a", "b") and np.bincount(data.held_out.labels).tolist() == [4, 3]
