"""Data in NumPy files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, Stored, open_data
from steadygan.data.sources import arrays
from steadygan.errors import DataError
from tests.data.making import colours

PICTURES = colours(40, 16, 3)
ALL = {image.transpose(2, 0, 1).tobytes() for image in PICTURES}


def opened(path: Path, **options: Any) -> Dataset:
    return open_data(DataOptions(source=str(path), **options))


def saved(folder: Path, **content: Any) -> Path:
    path = folder / "set.npz"
    np.savez(path, **content)
    return path


def images(data: Dataset) -> np.ndarray:
    assert isinstance(data.train, Stored)
    return np.concatenate([data.train.samples, data.held_out.samples])


@pytest.mark.parametrize("key", ["images", "x", "X", "x_train", "X_train", "train_images", "arr_0", "faces"])
def test_the_names_that_people_use_are_found(tmp_path: Path, key: str) -> None:
    data = opened(saved(tmp_path, **{key: PICTURES}))
    assert data.name == "set"
    assert data.sample.shape == (3, 16, 16)
    assert {image.tobytes() for image in images(data)} == ALL


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("layout", ["NHWC", "NCHW", "NHW", "fortran", "npy"])
def test_every_layout_holds_the_same_pictures(tmp_path: Path, layout: str, packed: bool) -> None:
    array = PICTURES.transpose(0, 3, 1, 2) if layout == "NCHW" else PICTURES
    array = PICTURES[..., 0] if layout == "NHW" else np.asfortranarray(array) if layout == "fortran" else array
    path = tmp_path / "set.npz"
    if layout == "npy":
        path = tmp_path / "set.npy"
        np.save(path, array)
    else:
        (np.savez_compressed if packed else np.savez)(path, images=array)
    expected = {image.tobytes() for image in PICTURES[..., 0]} if layout == "NHW" else ALL
    assert {image.tobytes() for image in images(opened(path))} == expected


@pytest.mark.parametrize(
    "stored",
    [
        (PICTURES / 255).astype(np.float32),
        PICTURES / 127.5 - 1,
        PICTURES.astype(np.float64),
        PICTURES.astype(np.int64),
        PICTURES.astype(np.uint16) * 257,
        (PICTURES / 255).astype(np.float16),
    ],
    ids=["0 to 1", "-1 to 1", "0 to 255", "int64", "16 bits", "half"],
)
def test_every_range_of_numbers_becomes_bytes(tmp_path: Path, stored: np.ndarray) -> None:
    assert {image.tobytes() for image in images(opened(saved(tmp_path, images=stored)))} == ALL


def test_truth_values_are_black_and_white(tmp_path: Path) -> None:
    found = images(opened(saved(tmp_path, images=PICTURES[..., 0] > 127)))
    assert set(np.unique(found)) == {0, 255}


@pytest.mark.parametrize(
    "labels",
    [
        np.arange(40) % 4,
        (np.arange(40) % 4)[:, None] * 10 + 5,
        np.eye(4)[np.arange(40) % 4],
        np.array(list("abcd") * 10),
        (np.arange(40) % 4).astype(np.float32),
    ],
    ids=["plain", "column", "one-hot", "words", "float"],
)
def test_labels_in_every_form(tmp_path: Path, labels: np.ndarray) -> None:
    data = opened(saved(tmp_path, x=PICTURES, y=labels))
    assert data.sample.classes == 4
    order = [image.transpose(2, 0, 1).tobytes() for image in PICTURES]
    assert isinstance(data.train, Stored)
    assert data.train.labels is not None
    for image, label in zip(data.train.samples, data.train.labels, strict=True):
        assert order.index(image.tobytes()) % 4 == label


def test_names_of_classes_are_the_values(tmp_path: Path) -> None:
    assert opened(saved(tmp_path, x=PICTURES, y=np.arange(40) % 2 * 7)).class_names == ("0", "7")


def test_a_test_array_is_the_official_split(tmp_path: Path) -> None:
    path = saved(
        tmp_path, x_train=PICTURES, y_train=np.arange(40) % 4, x_test=colours(9, 16, seed=5), y_test=np.arange(9) % 4
    )
    data = opened(path)
    assert isinstance(data.train, Stored)
    assert (len(data.train), len(data.held_out)) == (40, 9)
    assert data.held_out.labels is not None
    assert data.held_out.labels.tolist() == [0, 1, 2, 3, 0, 1, 2, 3, 0]


def test_a_test_array_without_labels_means_none(tmp_path: Path) -> None:
    data = opened(saved(tmp_path, x_train=PICTURES, y_train=np.arange(40) % 4, x_test=colours(9, 16, seed=5)))
    assert data.sample.classes == 0
    assert data.audit is not None
    assert data.audit.notes == ("The test split has no labels: none are used.",)


def test_large_arrays_are_streamed_through_the_cache_with_the_same_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    path = saved(tmp_path, images=(PICTURES / 255).astype(np.float32), labels=np.arange(40) % 4)
    small = opened(path)
    assert not (cache / "decoded").exists()
    monkeypatch.setattr(arrays, "_MOST_LOADED", 100)
    monkeypatch.setattr(arrays, "_PIECE", 10_000)
    large = opened(path)
    assert small.fingerprint == large.fingerprint
    assert isinstance(large.train, Stored)
    assert isinstance(large.train.samples, np.memmap)
    assert np.array_equal(images(small), images(large))
    assert np.array_equal(small.held_out.labels, large.held_out.labels)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"images": PICTURES.reshape(40, -1)}, "has shape [40, 768]: 768 columns, or signals of 768 values"),
        ({"a": PICTURES, "b": PICTURES}, "it holds a [40, 16, 16, 3], b [40, 16, 16, 3]"),
        ({"images": np.full((20, 8, 8), 7)}, "holds 7 and no other number"),
        ({"images": np.full((20, 8, 8), np.nan)}, "has NaN in picture 0"),
        (
            {"images": np.where(np.arange(20)[:, None, None] < 2, np.zeros((8, 8)), np.inf)},
            "infinite number in picture 2",
        ),
        ({"images": np.zeros((0, 8, 8), np.uint8)}, "is empty"),
        ({"images": np.zeros((20, 8, 8), "U3")}, "holds <U3; samples are numbers"),
        ({"images": np.zeros((20, 8, 8), complex)}, "holds complex128: give real and imaginary"),
        ({"images": np.zeros((20, 7, 8, 9), np.uint8)}, "has shape [20, 7, 8, 9]: no axis is clearly the channels"),
        ({"images": np.zeros((20, 3, 9, 3), np.uint8)}, "has shape [20, 3, 9, 3]; pictures are"),
        ({"images": np.array([[[{}]]] * 20, dtype=object)}, "holds object; samples are numbers"),
        (
            {"x": PICTURES, "y": np.arange(40) // 2, "x_test": PICTURES, "y_test": np.arange(40) // 2 + 1},
            "the label '20'",
        ),
        ({"images": PICTURES[:3]}, "'set' has 3 pictures; training needs at least 16"),
        ({}, "it holds nothing"),
    ],
)
def test_arrays_that_cannot_be_pictures_are_one_line(tmp_path: Path, content: dict[str, Any], said: str) -> None:
    with pytest.raises(DataError) as error:
        opened(saved(tmp_path, **content))
    assert said in str(error.value)
    assert "\n" not in str(error.value)


def test_a_pickle_inside_is_never_loaded(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "sprung",))

    path = tmp_path / "set.npz"
    np.savez(path, images=PICTURES, labels=np.array([Trap()] * 40, dtype=object))
    assert opened(path, labels=False).sample.classes == 0
    with pytest.raises(DataError, match="'labels' holds Python objects"):
        opened(path)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("keep", [0, 10, 2000])
def test_a_damaged_file_is_one_line(tmp_path: Path, keep: int) -> None:
    path = saved(tmp_path, images=PICTURES)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="cannot read"):
        opened(path)
    flat = tmp_path / "set.npy"
    np.save(flat, PICTURES)
    flat.write_bytes(flat.read_bytes()[:keep])
    with pytest.raises(DataError, match=r"cannot read|cut short"):
        opened(flat)


def test_samples_of_both_splits_are_named_where_they_are_no_pictures(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).standard_normal((40, 5))
    data = opened(saved(tmp_path, x_train=rows, x_test=np.concatenate([rows[:3], rows[:6] + 9])))
    assert data.audit is not None
    assert any(note.startswith("3 samples of the test split are training samples too") for note in data.audit.notes)
    assert not any("training samples too" in note for note in opened(saved(tmp_path, x=rows)).audit.notes)  # type: ignore[union-attr]


def test_labels_of_samples_that_are_no_pictures_are_named_too(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).standard_normal((40, 5))
    data = opened(saved(tmp_path, x=rows, y=rows[:, 0]))
    assert data.audit is not None
    assert "are fractions" in data.audit.label_note


def test_latents_of_four_channels_keep_their_numbers_as_bands(tmp_path: Path) -> None:
    latents = np.random.default_rng(0).standard_normal((40, 4, 8, 8)).astype(np.float32)
    np.save(tmp_path / "latents.npy", latents)
    with pytest.raises(DataError, match=r"--data\.form bands"):
        open_data(DataOptions(source=str(tmp_path / "latents.npy")))
    data = open_data(DataOptions(source=str(tmp_path / "latents.npy"), form="bands"))
    assert data.sample.shape == (4, 1, 8, 8) and data.units is not None
    back = data.units.restored(np.concatenate([data.train.samples, data.held_out.samples]))[:, :, 0]
    assert np.abs(np.sort(back, axis=0) - np.sort(latents, axis=0)).max() < 1e-5


def test_a_channel_that_is_taken_for_alpha_is_said(tmp_path: Path) -> None:
    np.save(tmp_path / "rgba.npy", colours(40, 8, 4))
    notes = open_data(DataOptions(source=str(tmp_path / "rgba.npy"), alpha="keep")).audit.notes
    assert notes == ("The last of the 4 channels is taken for alpha (--data.form bands if it is none).",)


@pytest.mark.parametrize("words", [["cat", "dog"] * 20, [f"a long class number {i % 2}" for i in range(40)]])
def test_labels_of_python_objects_are_refused_unless_they_are_left_out(tmp_path: Path, words: list[str]) -> None:
    path = tmp_path / "set.npz"
    np.savez(path, images=colours(40, 8), labels=np.array(words, dtype=object), more=np.array([None, {}], dtype=object))
    with pytest.raises(DataError, match=r"'labels'.*Python objects.*--data\.labels false leaves them out"):
        open_data(DataOptions(source=str(path)))
    assert open_data(DataOptions(source=str(path), labels=False)).sample.classes == 0


@pytest.mark.parametrize("split", ["val", "valid", "validation", "dev"])
def test_a_split_for_validation_is_held_out_with_its_own_labels(tmp_path: Path, split: str) -> None:
    named = {f"x_{split}": colours(20, 8, seed=1), f"y_{split}": np.arange(20) % 2, "y_test": np.arange(5)}
    np.savez(tmp_path / "set.npz", x_train=colours(40, 8), y_train=np.arange(40) % 2, **named)
    data = open_data(DataOptions(source=str(tmp_path / "set.npz")))
    assert len(data.train) == 40 and data.held_out.labels.tolist() == [0, 1] * 10


def test_samples_that_are_not_used_are_named(tmp_path: Path) -> None:
    path = tmp_path / "set.npz"
    np.savez(path, x_train=colours(40, 8), x_test=colours(20, 8)[..., 0], masks=colours(40, 8), mean=np.zeros(3))
    data = open_data(DataOptions(source=str(path)))
    assert data.audit.notes[-1] == "Not used: 'x_test' [20, 8, 8], 'masks' [40, 8, 8, 3]." and len(data.train) == 36
    np.savez(path, x_train=colours(40, 8), x_test=colours(20, 8, seed=1), x_val=colours(20, 8, seed=2))
    data = open_data(DataOptions(source=str(path)))
    assert data.audit.notes[-1] == "Not used: 'x_val' [20, 8, 8, 3]." and len(data.held_out) == 20
