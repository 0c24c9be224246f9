"""Folders that only number files are no classes; numbered classes are."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from steadygan.data import DataOptions, Dataset, open_data
from steadygan.data.sources.numbering import only_number
from steadygan.errors import UsageError
from tests.data.making import colours


def _hashed(count: int, digits: int, prefix: bool = True) -> dict[str, list[str]]:
    folders: dict[str, list[str]] = {}
    for number in range(count):
        name = hashlib.md5(str(number).encode()).hexdigest()
        folders.setdefault(name[:digits], []).append(name if prefix else f"img{number}")
    return folders


SHARDS: dict[str, dict[str, list[str]]] = {
    "StyleGAN's tool": {f"{k:05d}": [f"img{i:08d}" for i in range(60 * k, 60 * k + 60)] for k in range(4)},
    "a part of it": {f"{k:05d}": [f"img{i:08d}" for i in range(1000 * k + 37, 1000 * k + 990, 31)] for k in (3, 4, 9)},
    "FFHQ": {f"{k:05d}": [f"{i:05d}" for i in range(k, k + 1000)] for k in range(0, 4000, 1000)},
    "a part of FFHQ": {f"{k:05d}": [f"{i:05d}" for i in (k + 3, k + 517)] for k in (0, 5000, 69000)},
    "two digits": {f"{k:02d}": [f"{i:04d}" for i in range(10 * k, 10 * k + 10)] for k in range(4)},
    "from one": {f"{k:03d}": [f"photo_{i}" for i in range(10 * k - 9, 10 * k + 1)] for k in range(1, 6)},
    "the last is not full": {f"{k:04d}": [f"{i:06d}" for i in range(8 * k, min(8 * k + 8, 29))] for k in range(4)},
    "names without numbers": {
        f"{k:05d}": [hashlib.md5(f"{k} {i}".encode()).hexdigest() for i in range(9 if k < 3 else 4)] for k in range(4)
    },
    "parts": {f"part-{k:04d}": ["a", "b"] for k in range(3)},
    "shards": {f"shard_{k}": ["a"] for k in range(3)},
    "batches": {f"batch{k}": ["a"] for k in range(1, 4)},
    "images": {f"images_{k:03d}": ["a"] for k in range(1, 13)},
    "of": {f"train-{k:05d}-of-00003": ["a"] for k in range(3)},
    "camera": {"100CANON": ["IMG_1"], "101CANON": ["IMG_1"], "102_PANA": ["P1"]},
    "hashes": _hashed(50, 2),
    "long hashes": _hashed(50, 3),
    "short hashes": _hashed(50, 1),
    "hashed folders": _hashed(200, 2, prefix=False),
}
CLASSES: dict[str, dict[str, list[str]]] = {
    "digits": {str(k): [f"{i}" for i in range(5 * k, 5 * k + 5)] for k in range(10)},
    "digits in two places": {f"{k:02d}": [f"{i}" for i in range(5 * k, 5 * k + 5)] for k in range(10)},
    "digits, shuffled": {str(k): [f"img_{i}" for i in range(k, 100, 10)] for k in range(10)},
    "GTSRB": {f"{k:05d}": [f"{t:05d}_{i:05d}" for t in range(2) for i in range(5)] for k in range(43)},
    "numbered each from the beginning": {f"{k:03d}": [f"{i:04d}" for i in range(10)] for k in range(5)},
    "numbered through by class": {
        "000": [f"{i}" for i in range(57)], "001": [f"{i}" for i in range(57, 120)], "002": ["120", "121"],
    },
    "two digits, numbered each from the beginning": {f"{k:02d}": ["0", "1", "2"] for k in range(20)},
    "people": {f"{k:04d}": [f"{k:04d}_c1s1_{i}" for i in range(5)] for k in range(2, 40)},
    "words": {"cat": ["1"], "dog": ["2"]},
    "words of hexadecimal digits": {name: ["1", "2"] for name in ("ad", "be", "de", "fa")},
    "characters by code": {f"{code:02x}": ["hsf_0_00000"] for code in [*range(0x30, 0x3A), *range(0x41, 0x5B)]},
    "hexadecimal digits": {digit: [f"{digit}_{i}" for i in range(4)] for digit in "0123456789abcdef"},
    "numbered classes": {f"class_{k}": ["1"] for k in range(4)},
    "levels": {name: ["1"] for name in ("a1", "a2", "b1", "b2", "c1", "c2")},
    "years": {str(year): [f"{year}_{i}" for i in range(4)] for year in range(1999, 2004)},
    "parts of several things": {"part1": ["1"], "image2": ["1"]},
}  # fmt: skip


@pytest.mark.parametrize("name", SHARDS)
def test_shards_are_found(name: str) -> None:
    assert only_number(SHARDS[name])


@pytest.mark.parametrize("name", CLASSES)
def test_classes_stay_classes(name: str) -> None:
    assert not only_number(CLASSES[name])


def filled(root: Path, folders: dict[str, list[str]]) -> Path:
    names = [f"{folder}/{stem}.png" for folder, stems in folders.items() for stem in stems]
    for name, picture in zip(names, colours(len(names), 8), strict=True):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(root / name)
    return root


def opened(source: Path, **options: Any) -> Dataset:
    return open_data(DataOptions(source=str(source), **options))


TOOL = {f"{k:05d}": [f"img{i:08d}" for i in range(8 * k, 8 * k + 8)] for k in range(4)}


def test_shards_are_said_and_can_be_made_classes(tmp_path: Path) -> None:
    data = opened(filled(tmp_path / "set", TOOL))
    assert data.sample.classes == 0
    assert data.audit is not None
    assert data.audit.label_note == (
        "The 4 folders (00000, 00001, 00002, …) only number files and are no classes (--data.labels folders makes "
        "classes of them)"
    )
    data = opened(tmp_path / "set", labels="folders")
    assert data.class_names == tuple(TOOL)


def test_pictures_beside_shards_are_used(tmp_path: Path) -> None:
    root = filled(tmp_path / "set", TOOL)
    Image.fromarray(colours(1, 8, seed=9)[0]).save(root / "cover.png")
    data = opened(root)
    assert len(data.train) + len(data.held_out) == 33


def test_classes_inside_of_shards_are_classes(tmp_path: Path) -> None:
    nested = {f"part-{k}/{name}": [f"{k}{name}{i}" for i in range(5)] for k in range(3) for name in ("cat", "dog")}
    data = opened(filled(tmp_path / "set", nested))
    assert data.class_names == ("cat", "dog")
    assert data.audit is not None
    assert data.audit.found == 30
    hashed = {f"a{k}/{k}f": [f"a{k}{k}f{i:08x}" for i in range(4)] for k in range(6)}
    assert opened(filled(tmp_path / "hashed", hashed)).sample.classes == 0


def test_shards_in_train_and_test(tmp_path: Path) -> None:
    filled(tmp_path / "set" / "train", TOOL)
    test = {f"{k:05d}": [f"img{i:08d}" for i in range(4 * k, 4 * k + 4)] for k in range(2)}
    for number, picture in enumerate(colours(8, 8, seed=5)):
        path = tmp_path / "set" / "val" / f"{number // 4:05d}" / f"img{number:08d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    data = opened(tmp_path / "set")
    assert (data.sample.classes, len(data.held_out)) == (0, 8)
    assert opened(tmp_path / "set", labels=False).fingerprint
    assert test
    nested = {f"part-{k}/{name}": [f"{k}{name}{i}" for i in range(5)] for k in range(3) for name in ("cat", "dog")}
    filled(tmp_path / "nested" / "train", nested)
    for name, picture in zip(("dog", "cat"), colours(2, 8, seed=6), strict=True):
        path = tmp_path / "nested" / "test" / "part-0" / name / "1.png"
        path.parent.mkdir(parents=True)
        Image.fromarray(picture).save(path)
    data = opened(tmp_path / "nested")
    assert data.class_names == ("cat", "dog")
    assert data.held_out.labels is not None
    assert data.held_out.labels.tolist() == [0, 1]


def test_folders_that_are_not_there_are_no_classes(tmp_path: Path) -> None:
    root = filled(tmp_path / "set", {".": [f"{i}" for i in range(20)]})
    with pytest.raises(UsageError, match="data labels is 'folders', but 'set' has no folders"):
        opened(root, labels="folders")
    np.save(tmp_path / "set.npy", colours(20))
    with pytest.raises(UsageError, match="data labels is 'folders', but 'set' is no folder"):
        opened(tmp_path / "set.npy", labels="folders")
