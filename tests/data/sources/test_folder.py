"""Folders of pictures, with classes by subfolder."""

from __future__ import annotations

import os
import sys
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, Stored, open_data
from steadygan.data import audit_data as audit_of
from steadygan.errors import DataError
from tests.data.making import encoded, fill, picture


def opened(folder: Path, **options: object) -> Dataset:
    return open_data(DataOptions(source=str(folder), **options))  # type: ignore[arg-type]


def count(data: Dataset) -> int:
    assert isinstance(data.train, Stored)
    return len(data.train) + len(data.held_out)


def test_a_flat_folder_has_no_labels_and_a_tenth_held_out(tmp_path: Path) -> None:
    data = opened(fill(tmp_path / "flat", 40))
    assert data.name == "flat"
    assert isinstance(data.train, Stored)
    assert (len(data.train), len(data.held_out)) == (36, 4)
    assert data.sample.shape == (3, 16, 16)
    assert data.sample.classes == 0
    assert data.train.labels is None


def test_pictures_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    data = opened(fill(tmp_path / "flat", 20))
    assert isinstance(data.train, Stored)
    everything = [np.asarray(picture(place)).transpose(2, 0, 1) for place in range(20)]
    places = [next(i for i, want in enumerate(everything) if np.array_equal(want, got)) for got in data.train.samples]
    assert places == sorted(places)
    assert len(set(places)) == 18


def test_class_folders_become_labels_however_deep_the_files_lie(tmp_path: Path) -> None:
    root = tmp_path / "animals"
    fill(root / "zebra", 12, start=0)
    fill(root / "ant" / "red", 6, start=20)
    fill(root / "ant" / "black", 6, start=40)
    data = opened(root)
    assert data.class_names == ("ant", "zebra")
    assert isinstance(data.train, Stored)
    assert data.train.labels is not None
    assert data.held_out.labels is not None
    assert sorted([*data.train.labels, *data.held_out.labels]) == [0] * 12 + [1] * 12
    zebras = {np.asarray(picture(place)).transpose(2, 0, 1).tobytes() for place in range(12)}
    for image, label in zip(data.train.samples, data.train.labels, strict=True):
        assert (image.tobytes() in zebras) == (label == 1)


def test_a_lone_folder_inside_is_no_class(tmp_path: Path) -> None:
    fill(tmp_path / "set" / "images" / "all", 20)
    assert opened(tmp_path / "set").class_names == ()
    fill(tmp_path / "two" / "images" / "a", 10)
    fill(tmp_path / "two" / "images" / "b", 10, start=10)
    assert opened(tmp_path / "two").class_names == ("a", "b")


def test_one_stray_picture_does_not_drop_the_labels(tmp_path: Path) -> None:
    fill(tmp_path / "set" / "a", 10)
    fill(tmp_path / "set" / "b", 10, start=10)
    fill(tmp_path / "set", 1, start=50)
    data = opened(tmp_path / "set")
    assert data.class_names == ("a", "b")
    assert count(data) == 20
    assert data.audit is not None
    assert "1 files are beside the class folders and left out: they have no class." in data.audit.notes


def test_many_pictures_beside_class_folders_mean_no_labels(tmp_path: Path) -> None:
    fill(tmp_path / "set" / "a", 10)
    fill(tmp_path / "set" / "b", 10, start=10)
    fill(tmp_path / "set", 10, start=50)
    data = opened(tmp_path / "set")
    assert data.class_names == ()
    assert count(data) == 30
    assert data.audit is not None
    assert data.audit.notes == ("10 of 30 files are not in a class folder: no labels are used.",)


def test_train_and_test_folders_are_the_official_split(tmp_path: Path) -> None:
    for place, label in enumerate(("cat", "dog")):
        fill(tmp_path / "set" / "train" / label, 10, start=100 * place)
        fill(tmp_path / "set" / "val" / label, 3, start=100 * place + 50)
        fill(tmp_path / "set" / "test" / label, 4, start=100 * place + 70)
    data = opened(tmp_path / "set")
    assert isinstance(data.train, Stored)
    assert (len(data.train), len(data.held_out)) == (20, 8)
    assert data.class_names == ("cat", "dog")
    assert data.held_out.labels is not None
    assert data.held_out.labels.tolist() == [0] * 4 + [1] * 4
    assert data.audit is not None
    assert data.audit.held_out_from == "the source's own 'test' split"
    assert data.audit.notes == (
        "The folder 'train' is trained on, the folder 'test' is held out; 6 files outside of these are not used.",
    )


def test_other_classes_in_test_mean_no_labels(tmp_path: Path) -> None:
    for split, label, start in (("train", "a", 0), ("train", "b", 20), ("test", "a", 40), ("test", "c", 60)):
        fill(tmp_path / "set" / split / label, 10, start=start)
    data = opened(tmp_path / "set")
    assert data.class_names == ()
    assert data.train.labels is None  # type: ignore[union-attr]
    assert data.held_out.labels is None
    assert data.audit is not None
    assert "The classes of the folder 'test' are not those of train" in data.audit.notes[1]


@pytest.mark.parametrize(
    "names", [("山\u3000川", "犬"), ("é", "a\u200db"), ("x" * 200 + "1", "x" * 200 + "2"), ("a\u00a0b", "c")]
)
def test_classes_of_both_splits_are_the_same_however_their_names_are_shown(tmp_path: Path, names) -> None:
    for start, name in enumerate(names):
        fill(tmp_path / "set" / "train" / unicodedata.normalize("NFC", name), 20, start=20 * start)
        fill(tmp_path / "set" / "test" / unicodedata.normalize("NFD", name), 5, start=100 + 20 * start)
    data = opened(tmp_path / "set")
    assert data.sample.classes == 2 and np.bincount(data.held_out.labels).tolist() == [5, 5]
    assert np.bincount(data.train.labels).tolist() == [20, 20]


def test_what_is_no_picture_is_ignored_but_counted(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 20)
    for name in ("notes.txt", "more.txt", "Thumbs.db", ".DS_Store", "._000.png", "no_ending"):
        (folder / name).write_bytes(b"text")
    fill(folder / ".thumbnails", 5)
    fill(folder / "__MACOSX", 5)
    data = opened(folder)
    assert count(data) == 20
    assert data.audit is not None
    assert data.audit.unreadable_count == 0
    assert dict(data.audit.ignored) == {".txt": 2, ".db": 1, "hidden": 2, "no ending": 1}


def test_unicode_names_are_read_and_listed(tmp_path: Path) -> None:
    folder = fill(tmp_path / "фото 写真", 18)
    for place, name in enumerate(("ünï.png", "猫.png", "🐈.png", "it's so.png")):
        (folder / name).write_bytes(encoded(picture(100 + place)))
    (folder / "кот.png").write_bytes(b"broken")
    data = opened(folder)
    assert count(data) == 22
    assert data.audit is not None
    assert data.audit.unreadable == (("кот.png", "not a picture that Pillow knows"),)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse names that are no text")
def test_names_that_are_no_text_can_be_listed_and_stored(tmp_path: Path) -> None:
    import json

    folder = fill(tmp_path / "set", 19)
    with open(os.path.join(os.fsencode(folder), b"\xff\xfe\n.png"), "wb") as file:
        file.write(b"broken")
    data = opened(folder)
    assert data.audit is not None
    assert data.audit.unreadable_count == 1
    assert "\n" not in data.audit.unreadable[0][0]
    json.dumps(data.audit.to_json()).encode("utf-8")


def test_the_same_folder_has_the_same_fingerprint_wherever_it_lies(tmp_path: Path) -> None:
    first = opened(fill(tmp_path / "one" / unicodedata.normalize("NFC", "é"), 20))
    second = opened(fill(tmp_path / "two" / unicodedata.normalize("NFD", "é"), 20))
    assert first.fingerprint == second.fingerprint
    assert opened(fill(tmp_path / "three", 21)).fingerprint != first.fingerprint
    assert opened(tmp_path / "one", size=8).fingerprint != first.fingerprint
    assert opened(tmp_path / "one", held_out=0.2).fingerprint != first.fingerprint
    assert opened(tmp_path / "one", flip=True).fingerprint == first.fingerprint


def test_a_changed_picture_changes_the_fingerprint(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 20)
    before = opened(folder).fingerprint
    picture(999).save(folder / "003.png")
    assert opened(folder).fingerprint != before


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_links_are_followed_but_never_round_in_a_circle(tmp_path: Path) -> None:
    elsewhere = fill(tmp_path / "elsewhere", 10)
    folder = fill(tmp_path / "set", 10, start=10)
    (folder / "linked").symlink_to(elsewhere, target_is_directory=True)
    (folder / "circle").symlink_to(folder, target_is_directory=True)
    (elsewhere / "back").symlink_to(folder, target_is_directory=True)
    (folder / "one.png").symlink_to(elsewhere / "000.png")
    (folder / "gone.png").symlink_to(tmp_path / "nowhere.png")
    (folder / "itself.png").symlink_to(folder / "itself.png")
    found = audit_of(DataOptions(source=str(folder)))
    assert found.found == 23
    assert found.duplicate_copies == 1
    reasons = dict(found.unreadable)
    assert reasons["gone.png"] == "broken link"
    assert "itself.png" in reasons


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes there")
def test_a_pipe_with_the_name_of_a_picture_does_not_block(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 20)
    os.mkfifo(folder / "pipe.png")
    data = opened(folder)
    assert data.audit is not None
    assert data.audit.unreadable == (("pipe.png", "not a regular file"),)


def test_ten_percent_may_be_unreadable_and_no_more(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 18)
    (folder / "empty.png").touch()
    (folder / "text.jpg").write_text("not a picture")
    data = opened(folder)
    assert count(data) == 18
    assert data.audit is not None
    assert data.audit.unreadable == (("empty.png", "empty"), ("text.jpg", "not a picture that Pillow knows"))
    good = encoded(picture(7, size=(64, 64)))
    (folder / "zcut.png").write_bytes(good[: len(good) // 2])
    with pytest.raises(DataError) as error:
        opened(folder)
    assert str(error.value) == (
        "'set' has 21 pictures, 3 of them unreadable (1 empty, 1 not a picture that Pillow knows, 1 truncated; "
        "first: empty.png); at most 10% may be unreadable"
    )


def test_fewer_than_sixteen_pictures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        opened(fill(tmp_path / "set", 15))
    assert str(error.value) == "'set' has 15 pictures; training needs at least 16 that can be read"
    assert count(opened(fill(tmp_path / "set", 16))) == 16


def test_a_test_split_does_not_count_for_training(tmp_path: Path) -> None:
    fill(tmp_path / "set" / "train", 5)
    fill(tmp_path / "set" / "test", 30, start=50)
    with pytest.raises(DataError, match="at least 16 that can be read outside of the 'test' split"):
        opened(tmp_path / "set")


def test_a_folder_of_broken_files_is_one_line(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for place in range(30):
        (folder / f"{place}.png").write_bytes(b"broken" * place)
    with pytest.raises(DataError, match=r"'set' has 30 pictures, 30 of them unreadable \(29 not a picture"):
        opened(folder)
    found = audit_of(DataOptions(source=str(folder)))
    assert found.problem is not None
    assert found.lines()[-1].startswith("Refused: 'set' has 30 pictures")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_listed(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 20)
    (folder / "000.png").chmod(0)
    fill(folder / "closed", 3, start=50)
    (folder / "closed").chmod(0)
    try:
        data = opened(folder)
        assert data.audit is not None
        assert data.audit.unreadable == (("000.png", "permission denied"),)
        assert data.audit.notes == ("Could not open the folder 'closed'.",)
    finally:
        (folder / "closed").chmod(0o700)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ([(32, 32)], 32),
        ([(28, 28)], 28),
        ([(128, 128)], 64),
        ([(256, 256)], 64),
        ([(30, 30)], 32),
        ([(48, 48)], 32),
        ([(100, 60), (90, 60)], 64),
        ([(640, 480), (480, 640)], 64),
        ([(512, 512)], 64),
        ([(20, 10)], 8),
        ([(3, 3)], 8),
        ([(16, 16), (40, 40), (41, 41)], 32),
    ],
)
def test_the_size_follows_the_pictures(tmp_path: Path, sizes: list[tuple[int, int]], expected: int) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for place in range(18):
        picture(place, sizes[place % len(sizes)]).save(folder / f"{place}.png")
    data = opened(folder)
    assert data.sample.shape == (3, expected, expected)


def test_pictures_are_grey_where_all_are_grey(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    for place in range(16):
        picture(place, mode="1" if place % 2 else "L").save(folder / f"{place}.png")
    assert opened(folder).sample.shape == (1, 16, 16)
    assert opened(folder, channels=3).sample.shape == (3, 16, 16)
    picture(99).save(folder / "colour.png")
    assert opened(folder).sample.shape == (3, 16, 16)
