"""Held-out pictures are no training pictures, pixel for pixel, however they are stored."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from steadygan.data import DataOptions, Dataset, audit_data, open_data
from steadygan.data.images import store
from steadygan.data.images.separate import pixel_digest
from steadygan.data.split import choose_held_out
from steadygan.errors import DataError
from tests.data.making import colours, encoded, idx
from tests.data.tables import write_table

PICTURES = np.random.default_rng(0).integers(0, 256, (60, 16, 16, 3), dtype=np.uint8)


def opened(source: Path, **options: Any) -> Dataset:
    return open_data(DataOptions(source=str(source), labels=False, **options))


def rows(data: Dataset) -> tuple[list[bytes], list[bytes]]:
    parts = (np.asarray(part.samples) for part in (data.train, data.held_out))  # type: ignore[union-attr]
    train, held_out = ([row.tobytes() for row in part] for part in parts)
    return train, held_out


def apart(data: Dataset) -> int:
    """The number of pictures on both sides together; fails if one is on both."""
    train, held_out = rows(data)
    assert not set(train) & set(held_out)
    assert train
    assert held_out
    return len(train) + len(held_out)


def enlarged(array: np.ndarray) -> Image.Image:
    return Image.fromarray(array.repeat(4, 0).repeat(4, 1))


SECOND: dict[str, Callable[[np.ndarray, Path], None]] = {
    "the same file": lambda array, path: Image.fromarray(array).save(path.with_suffix(".png")),
    "WebP": lambda array, path: Image.fromarray(array).save(path.with_suffix(".webp"), lossless=True),
    "TIFF": lambda array, path: Image.fromarray(array).save(path.with_suffix(".tif")),
    "compressed less": lambda array, path: Image.fromarray(array).save(path.with_suffix(".png"), compress_level=1),
    "opaque alpha": lambda array, path: Image.fromarray(array).convert("RGBA").save(path.with_suffix(".png")),
    "enlarged": lambda array, path: enlarged(array).save(path.with_suffix(".png")),
}


def folder(place: Path, second: Callable[[np.ndarray, Path], None] | None, count: int = 60) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for number, array in enumerate(PICTURES[:count]):
        Image.fromarray(array).save(place / f"{number:03d}.png")
        if second is not None:
            second(array, place / f"copy{number:03d}")
    return place


@pytest.mark.parametrize("second", SECOND)
def test_files_that_decode_to_the_same_pixels_are_on_one_side(tmp_path: Path, second: str) -> None:
    data = opened(folder(tmp_path / "set", SECOND[second]), size=16)
    assert apart(data) == 120
    assert len(data.held_out) == 12
    assert data.audit is not None
    text = " ".join(data.audit.what_training_will_do)
    if second == "enlarged":
        return  # resizing need not undo the repetition
    assert "held out together or not at all" in text
    assert ("by their pixels" in text) == (second != "the same file")


def test_pictures_that_are_equal_only_at_the_size_of_training(tmp_path: Path) -> None:
    flat = np.arange(60, dtype=np.uint8)[:, None, None].repeat(32, 1).repeat(32, 2) // 2 * 8
    place = tmp_path / "set"
    place.mkdir()
    for number, array in enumerate(flat):
        side = 16 if number % 2 else 32
        Image.fromarray(array[:side, :side]).save(place / f"{number}.png")
    data = opened(place, size=8)
    assert apart(data) == 60
    assert len(data.held_out) == 6


def test_arrays_and_tables_and_both_ways_of_keeping_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    twice = np.concatenate([PICTURES, PICTURES])
    twice[60:, :, :, 0] = twice[60:, :, :, 0] // 2 * 2  # another picture at 16, the same at a size of 1 in most cases
    np.save(tmp_path / "set.npy", twice)
    small = opened(tmp_path / "set.npy", size=1)
    apart(small)
    monkeypatch.setattr(store, "MOST_IN_MEMORY", 0)
    large = opened(tmp_path / "set.npy", size=1)
    assert rows(small) == rows(large)
    assert small.fingerprint == large.fingerprint
    raw = [encoded(Image.fromarray(array)) for array in PICTURES[:30]]
    raw += [encoded(Image.fromarray(array), "TIFF") for array in PICTURES[:30]]
    assert apart(opened(write_table(tmp_path / "set.parquet", raw))) == 60


def test_the_split_and_the_hash_stay_where_no_pixels_are_shared(tmp_path: Path) -> None:
    place = folder(tmp_path / "set", None)
    data = opened(place)
    files = sorted(place.iterdir())
    digests = [hashlib.blake2b(file.read_bytes(), digest_size=16).digest() for file in files]
    mask = choose_held_out(digests, 0.1)
    _, held_out = rows(data)
    assert held_out == [array.transpose(2, 0, 1).tobytes() for array in PICTURES[mask]]
    content = hashlib.blake2b(b"".join(digests), digest_size=16).hexdigest()
    key = json.dumps([1, content, 0.1, {"size": 16, "channels": 3, "fit": "crop"}])
    assert data.fingerprint == hashlib.blake2b(key.encode(), digest_size=16).hexdigest()


def test_another_split_has_another_hash(tmp_path: Path) -> None:
    data = opened(folder(tmp_path / "set", SECOND["WebP"]))
    assert data.audit is not None
    assert data.audit.cache is not None
    assert Path(data.audit.cache).name != data.fingerprint
    again = opened(tmp_path / "set")
    assert (again.fingerprint, rows(again)) == (data.fingerprint, rows(data))


@pytest.mark.parametrize("leaky", [False, True])
def test_entries_of_older_versions_are_taken_unless_they_leak(tmp_path: Path, leaky: bool) -> None:
    data = opened(folder(tmp_path / "set", SECOND["WebP"] if leaky else None))
    assert data.audit is not None
    assert data.audit.cache is not None
    entry, wanted = Path(data.audit.cache), rows(data)
    meta = json.loads((entry / "meta.json").read_text())
    del meta["pixels"]
    if leaky:  # as the split by files had it
        train = (entry / "train.u8").read_bytes()
        (entry / "held_out.u8").write_bytes(train[: 12 * 768])
    (entry / "meta.json").write_text(json.dumps(meta))
    before = (entry / "train.u8").stat().st_mtime_ns
    again = opened(tmp_path / "set")
    assert rows(again) == wanted
    assert again.fingerprint == data.fingerprint
    assert ((entry / "train.u8").stat().st_mtime_ns == before) != leaky
    assert "pixels" in json.loads((entry / "meta.json").read_text())


def test_a_test_split_loses_what_training_has_and_says_so(tmp_path: Path) -> None:
    place = folder(tmp_path / "set" / "train", None, 40)
    test = tmp_path / "set" / "test"
    test.mkdir()
    for number, array in enumerate(PICTURES[30:50]):
        Image.fromarray(array).save(test / f"{number:02d}.tif")
    data = opened(tmp_path / "set")
    assert apart(data) == 50
    assert (len(data.train), len(data.held_out)) == (40, 10)
    assert data.audit is not None
    (said,) = (text for text in data.audit.what_training_will_do if "pixel for pixel" in text)
    assert said.startswith("10 pictures of the 'test' split are training pictures too")
    assert "test/00.tif = train/030.png" in said
    assert place.exists()


def test_a_test_split_that_is_the_training_split_is_refused(tmp_path: Path) -> None:
    for name in ("train", "val"):
        folder(tmp_path / "set" / name, None, 20)
    problem = audit_data(DataOptions(source=str(tmp_path / "set"))).problem
    assert problem is not None
    assert problem.endswith("all of the 'val' split are training pictures too, pixel for pixel")
    with pytest.raises(DataError, match="pixel for pixel"):
        opened(tmp_path / "set")


def test_idx_files_and_arrays_with_a_test_split(tmp_path: Path) -> None:
    grey = colours(40, 16, 1)[..., 0]
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(grey[:30]))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(grey[25:]))
    data = opened(tmp_path / "train-images-idx3-ubyte")
    assert (len(data.train), len(data.held_out), apart(data)) == (30, 10, 40)
    np.savez(tmp_path / "set.npz", x_train=grey[:30] / 255, x_test=grey[25:] / 255)
    data = opened(tmp_path / "set.npz")
    assert (len(data.train), len(data.held_out), apart(data)) == (30, 10, 40)


@pytest.mark.parametrize("kinds", [1, 2])
def test_few_pictures_in_many_copies(tmp_path: Path, kinds: int) -> None:
    np.save(tmp_path / "set.npy", PICTURES[np.arange(60) % kinds])
    if kinds == 1:
        with pytest.raises(DataError, match="nothing is left to hold out; all are the same"):
            opened(tmp_path / "set.npy")
    else:
        data = opened(tmp_path / "set.npy")
        assert (len(data.held_out), apart(data)) == (30, 60)


def test_the_digest_is_that_of_the_pixels() -> None:
    array = PICTURES[0].transpose(2, 0, 1)
    assert pixel_digest(array) == pixel_digest(np.ascontiguousarray(array))
    assert pixel_digest(array) != pixel_digest(255 - array)
