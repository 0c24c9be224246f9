"""Labels of dataset.json, as StyleGAN's dataset tool writes them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from steadygan.data import DataOptions, Dataset, Stored, open_data
from steadygan.errors import DataError, UsageError
from tests.data.making import colours
from tests.data.sources.test_numbering import TOOL, filled

NAMES = [f"{folder}/{stem}.png" for folder, stems in TOOL.items() for stem in stems]
PICTURES = {array.transpose(2, 0, 1).tobytes(): number for number, array in enumerate(colours(len(NAMES), 8))}


def folder(root: Path, labels: Any, text: str | None = None) -> Path:
    filled(root, TOOL)
    (root / "dataset.json").write_text(json.dumps({"labels": labels}) if text is None else text)
    return root


def opened(source: Path, **options: Any) -> Dataset:
    return open_data(DataOptions(source=str(source), **options))


def labels_by_picture(data: Dataset) -> dict[int, int]:
    found: dict[int, int] = {}
    assert isinstance(data.train, Stored)
    for part in (data.train, data.held_out):
        assert part.labels is not None
        found |= {PICTURES[row.tobytes()]: int(label) for row, label in zip(part.samples, part.labels, strict=True)}
    return found


PAIRS = [[name, number % 3] for number, name in enumerate(NAMES)]


@pytest.mark.parametrize(
    "labels",
    [
        PAIRS,
        PAIRS[::-1],
        dict(PAIRS),
        [[name.replace("/", "\\"), label] for name, label in PAIRS],
        [[f"./{name}", float(label)] for name, label in PAIRS],
        [[name, [float(label == k) for k in range(3)]] for name, label in PAIRS],
        [[name, "abc"[label]] for name, label in PAIRS],
        [[name.split("/")[1], label] for name, label in PAIRS],  # the folders were added later
        [*PAIRS, ["gone.png", 1]],
    ],
    ids=["pairs", "other order", "object", "Windows", "floats", "one-hot", "words", "names alone", "one more"],
)
def test_labels_go_with_their_pictures(tmp_path: Path, labels: Any) -> None:
    data = opened(folder(tmp_path / "set", labels))
    assert data.sample.classes == 3
    assert labels_by_picture(data) == {number: number % 3 for number in range(len(NAMES))}
    assert data.audit is not None
    assert not any(suffix == ".json" for suffix, _ in data.audit.ignored)
    assert ("labels for 1 pictures that are not there" in " ".join(data.audit.notes)) == (len(labels) > len(NAMES))


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        (None, "'dataset.json' says that there are no labels"),
        ([[name, [1.0, 1.0]] for name in NAMES], "multi-hot"),
        ([[name, [0.25, 0.75]] for name in NAMES], "are soft"),
        ([[name, number / 7] for number, name in enumerate(NAMES)], "are fractions"),
        ([[name, None if number < 2 else 1] for number, name in enumerate(NAMES)], "missing for 2 samples"),
        ([[name, {"a": 1}] for name in NAMES], "neither numbers nor words"),
    ],
)
def test_labels_that_are_no_classes_are_said(tmp_path: Path, labels: Any, said: str) -> None:
    data = opened(folder(tmp_path / "set", labels))
    assert data.sample.classes == 0
    assert data.audit is not None
    assert said in data.audit.label_note


@pytest.mark.parametrize(
    ("labels", "text", "said"),
    [
        (PAIRS[:-2], None, "has no label for 2 of 32 pictures, such as '00003/img00000030.png'"),
        ([["other/1.png", 1]], None, "has no label for 32 of 32 pictures"),
        ([[1, 2]], None, "its labels are no pairs"),
        (["a.png"], None, "its labels are no pairs"),
        (None, "{", "cannot read"),
        (None, "[" * 10**5, "cannot read"),
    ],
)
def test_labels_that_do_not_fit_are_one_line(tmp_path: Path, labels: Any, text: str | None, said: str) -> None:
    root = folder(tmp_path / "set", labels, text)
    with pytest.raises(DataError) as error:
        opened(root)
    assert said in str(error.value)
    assert "--data.labels false" in str(error.value)
    assert "\n" not in str(error.value)
    assert opened(root, labels=False).sample.classes == 0
    assert opened(root, labels="folders").sample.classes == 4


@pytest.mark.parametrize("text", ['{"name": "faces"}', "[1, 2]", '{"labels": 3}'])
def test_another_file_of_that_name_is_ignored(tmp_path: Path, text: str) -> None:
    data = opened(folder(tmp_path / "set", None, text))
    assert data.audit is not None
    assert (".json", 1) in data.audit.ignored
    assert "only number files" in data.audit.label_note


def test_the_likeliest_and_only_of_soft_labels(tmp_path: Path) -> None:
    soft = np.random.default_rng(0).dirichlet(np.ones(3), len(NAMES))
    root = folder(tmp_path / "set", [[name, row.tolist()] for name, row in zip(NAMES, soft, strict=True)])
    data = opened(root, labels="likeliest")
    assert labels_by_picture(data) == dict(enumerate(soft.argmax(axis=1).tolist()))
    (root / "dataset.json").unlink()
    with pytest.raises(UsageError, match=r"'set' has no dataset.json with shares of classes"):
        opened(root, labels="likeliest")


def test_a_file_for_each_split_or_one_above(tmp_path: Path) -> None:
    root = tmp_path / "set"
    filled(root / "train", TOOL)
    test = {"00000": [f"{i}" for i in range(4)]}
    for number, array in enumerate(colours(4, 8, seed=3)):
        from PIL import Image

        path = root / "test" / "00000" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(array).save(path)
    (root / "train" / "dataset.json").write_text(json.dumps({"labels": PAIRS}))
    (root / "test" / "dataset.json").write_text(json.dumps({"labels": {f"00000/{i}.png": i % 3 for i in range(4)}}))
    data = opened(root)
    assert data.sample.classes == 3
    assert data.held_out.labels is not None
    assert data.held_out.labels.tolist() == [0, 1, 2, 0]
    both = [[f"train/{name}", label] for name, label in PAIRS] + [[f"test/00000/{i}.png", i % 3] for i in range(4)]
    for split in ("train", "test"):
        (root / split / "dataset.json").unlink()
    (root / "dataset.json").write_text(json.dumps({"labels": both}))
    assert opened(root).fingerprint == data.fingerprint
    assert test
