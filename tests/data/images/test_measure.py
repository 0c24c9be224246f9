"""The range of picture files: one for a folder, by the depth of its files."""

from __future__ import annotations

import itertools
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from steadygan.data import DataOptions, Dataset, audit_data, open_data
from steadygan.data.images import measure
from steadygan.errors import DataError

RAMP = np.linspace(0, 1, 20 * 8 * 8).reshape(20, 8, 8)


def folder(place: Path, pictures: Any, kind: str = "tif") -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(place / f"{number:03d}.{kind}")
    return place


def opened(place: Path, **options: Any) -> Dataset:
    return open_data(DataOptions(source=str(place), **options))


def pictures(data: Dataset) -> set[bytes]:
    return {row.tobytes() for part in (data.train, data.held_out) for row in np.asarray(part.samples)}  # type: ignore[union-attr]


def expected(stored: np.ndarray, low: float, high: float) -> set[bytes]:
    levels = np.rint((stored.astype(np.float64) - low) * 255 / (high - low)).clip(0, 255).astype(np.uint8)
    return {row.tobytes() for row in levels}


@pytest.mark.parametrize(
    ("stored", "kind", "low", "high"),
    [
        ((RAMP * 4093).astype(np.uint16), "png", 0, 4095),
        ((RAMP * 16383).astype(np.uint16), "tif", 0, 16383),
        ((RAMP * 65535).astype(np.uint16), "png", 0, 65535),
        ((RAMP * 255).astype(np.uint16), "png", 0, 255),
        ((RAMP * 2000).astype(np.int32), "tif", 0, 2047),
        ((RAMP * 4095 - 1024).astype(np.int32), "tif", -1024, 3071),
        (np.round(RAMP * 200).astype(np.float32), "tif", 0, 255),
        ((RAMP * 2 - 1).astype(np.float32), "tif", -1, 1),
        ((RAMP * 8 - 4).astype(np.float32), "tif", -4, 4),
        (RAMP.astype(np.float32), "tif", 0, 1),
        ((RAMP > 0.5).astype(np.uint8), "png", 0, 1),
        ((RAMP * 20).astype(np.uint8), "png", 0, 20),
        ((RAMP * 90).astype(np.uint8), "png", 0, 255),
    ],
)
def test_a_folder_has_one_range(tmp_path: Path, stored: np.ndarray, kind: str, low: float, high: float) -> None:
    data = opened(folder(tmp_path / "set", stored, kind))
    assert pictures(data) == expected(stored, low, high)
    assert data.audit is not None
    ((which, found),) = data.audit.ranges
    assert (which, found["low"], found["high"]) == ("", low, high)


def test_brighter_pictures_stay_brighter(tmp_path: Path) -> None:
    stored = np.broadcast_to(np.geomspace(0.9, 200, 20, dtype=np.float32)[:, None, None], (20, 8, 8))
    data = opened(folder(tmp_path / "set", stored))
    levels = {row[0] for row in pictures(data)}
    assert levels == set(np.rint(stored[:, 0, 0]).astype(int).tolist())


def test_numbers_and_percentiles_that_are_asked_for(tmp_path: Path) -> None:
    stored = (RAMP * 4095).astype(np.uint16)
    place = folder(tmp_path / "set", stored, "png")
    assert pictures(opened(place, range=(100, 3000))) == expected(stored, 100, 3000)
    low, high = np.percentile(stored, [2, 98])
    data = opened(place, range=("2%", "98%"))
    assert pictures(data) == expected(stored, low, high)
    assert data.audit is not None
    assert data.audit.ranges[0][1]["clipped"] == pytest.approx(0.04, abs=0.005)
    assert "4.1% of the numbers are clipped" in data.audit.range_words[0]
    dark = (RAMP * 60).astype(np.uint8)
    assert pictures(opened(folder(tmp_path / "dark", dark, "png"), range=(0, 60))) == expected(dark, 0, 60)


def test_masks_in_colour_with_alpha_and_with_a_palette(tmp_path: Path) -> None:
    mask = (RAMP[..., None] > 0.5).astype(np.uint8)
    alpha = np.concatenate([mask.repeat(3, axis=3), np.full_like(mask, 255)], axis=3)
    data = opened(folder(tmp_path / "set", alpha, "png"), channels=4)
    rows = np.frombuffer(b"".join(sorted(pictures(data))), np.uint8).reshape(-1, 4, 8, 8)
    assert set(np.unique(rows[:, :3])) == {0, 255}
    assert (rows[:, 3] == 255).all()
    place = tmp_path / "palette"
    place.mkdir()
    for number, picture in enumerate(mask[..., 0]):
        image = Image.fromarray(picture, "P")
        image.putpalette([0, 0, 0, 128, 0, 0])
        image.save(place / f"{number}.png")
    rows = np.frombuffer(b"".join(pictures(opened(place))), np.uint8).reshape(-1, 3, 8, 8)
    assert set(np.unique(rows)) == {0, 128}  # the palette has the colours


def test_depths_beside_each_other_have_a_range_each(tmp_path: Path) -> None:
    place = folder(tmp_path / "set", (RAMP * 4095).astype(np.uint16), "png")
    folder(place / "bytes", (RAMP * 255).astype(np.uint8), "png")
    data = opened(place, labels=False)
    whole = {row.tobytes() for row in np.rint(RAMP * 4095 // 1 * 255 / 4095).astype(np.uint8)}
    assert pictures(data) == whole | {row.tobytes() for row in (RAMP * 255).astype(np.uint8)}
    assert data.audit is not None
    assert [which for which, _ in data.audit.ranges] == ["pictures of 8 bits", "pictures of more bits"]


def test_pictures_with_nan_are_named_and_left_out(tmp_path: Path) -> None:
    stored = (RAMP * 9).astype(np.float32)
    stored[4, 0, 0] = np.nan
    data = opened(folder(tmp_path / "set", stored))
    assert data.audit is not None
    assert data.audit.unreadable == (("004.tif", "NaN among its numbers"),)
    assert pictures(data) == expected(np.delete(stored, 4, axis=0), 0, 9)


def test_one_grey_alone_is_refused_after_the_audit(tmp_path: Path) -> None:
    place = folder(tmp_path / "set", np.full((20, 8, 8), 7, np.uint16), "png")
    assert audit_data(DataOptions(source=str(place))).problem == (
        "'set' holds 7 and no other number: there is nothing to learn"
    )
    with pytest.raises(DataError, match="nothing to learn"):
        opened(place)


def test_both_splits_share_the_range(tmp_path: Path) -> None:
    train, test = (RAMP * 1000).astype(np.uint16), (RAMP * 3000).astype(np.uint16)
    folder(tmp_path / "set" / "train", train, "png")
    folder(tmp_path / "set" / "test", test, "png")
    assert pictures(opened(tmp_path / "set")) == expected(np.concatenate([train, test]), 0, 4095)


def test_colours_of_sixteen_bits_are_warned_of(tmp_path: Path) -> None:
    from tests.data.images.test_decode import _png

    place = tmp_path / "set"
    place.mkdir()
    for number in range(20):
        row = b"\0" + bytes(itertools.chain.from_iterable((number, 0) * 3 for _ in range(8)))
        (place / f"{number}.png").write_bytes(_png(8, 8, 16, 2, row * 8))
    (warning,) = (text for text in opened(place).audit.warnings if "16 bits" in text)  # type: ignore[union-attr]
    assert "20 colour pictures" in warning
    assert "upper 8" in warning


def test_the_range_is_found_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder(tmp_path / "set", (RAMP * 4095).astype(np.uint16), "png")
    first = opened(place).fingerprint
    monkeypatch.setattr(measure, "measure_chunk", None)
    assert opened(place).fingerprint == first


def test_the_first_bright_picture_of_eight_bits_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []
    original = measure.measure_chunk

    def counted(chunk: Any, steps: Any) -> Any:
        looked.append(len(chunk))
        return original(chunk, steps)

    monkeypatch.setattr(measure, "measure_chunk", counted)
    opened(folder(tmp_path / "set", (RAMP[::-1] * 255).astype(np.uint8), "png"))
    assert sum(looked) == 1


def test_arrays_of_several_sizes_and_pictures_of_pillow_have_one_range_too() -> None:
    from steadygan.data.open import open_memory

    def levels(data: list[Any], **options: Any) -> set[int]:
        opened = open_memory(data, DataOptions(size=8, **options))
        return {level for row in pictures(opened) for level in row}

    rng = np.random.default_rng(0)
    masks = [np.kron(rng.integers(0, 2, (8, 8)), np.ones((k, k))).astype(np.uint8) for k in (1, 2, 1, 3) * 10]
    assert {0, 255} <= levels(masks)
    assert max(levels(masks, range=(0, 255))) == 1
    colour = [np.dstack([mask] * 3 + [np.full_like(mask, 255)]) for mask in masks]
    assert {0, 255} <= levels(colour, channels=4)
    masks = [mask for mask in masks if mask.shape == (8, 8)]
    deep = [Image.fromarray(mask.astype(np.uint16) * 4000) for mask in masks]
    assert max(levels(deep)) == 249  # of 0 to 4,095
    both = [Image.fromarray(mask * 255) for mask in masks[:10]] + deep[10:]
    assert levels(both) == {0, 249, 255}


def test_bitmaps_of_16_bits_a_pixel_are_not_said_to_have_16_bits_a_channel(tmp_path: Path) -> None:
    head = struct.pack("<IiiHHIIiiII3I", 40, 8, 8, 1, 16, 3, 128, 0, 0, 0, 0, 0xF800, 0x7E0, 0x1F)
    for number in range(20):
        pixels = np.random.default_rng(number).integers(0, 65536, 64, dtype="<u2").tobytes()
        file_head = struct.pack("<2sIHHI", b"BM", 14 + len(head) + len(pixels), 0, 0, 14 + len(head))
        (tmp_path / f"{number}.bmp").write_bytes(file_head + head + pixels)
    audit = audit_data(DataOptions(str(tmp_path)))
    assert audit.formats == (("BMP", 20),) and not any("16 bits" in text for text in audit.warnings)


def icons(place: Path, ink: int, mode: str) -> Path:
    """20 discs of one grey, transparent around them."""
    place.mkdir(parents=True)
    rows, columns = np.mgrid[:8, :8]
    for number in range(20):
        disc = np.hypot(rows - 3 - number % 3, columns - 4 + number % 5) < 2 + number / 16
        file = place / f"{number}.png"
        if mode == "key":
            Image.fromarray(np.where(disc, ink, 200).astype(np.uint8)).save(file, transparency=200)
            continue
        levels = [np.full_like(disc, ink, np.uint8)] * (len(mode) - 1)
        Image.fromarray(np.dstack([*levels, disc.astype(np.uint8) * 255])).save(file)
    return place


@pytest.mark.parametrize("mode", ["RGBA", "LA", "key"])
@pytest.mark.parametrize("ink", [0, 20])
def test_icons_of_one_colour_on_nothing_keep_their_colour(tmp_path: Path, ink: int, mode: str) -> None:
    data = opened(icons(tmp_path / "icons", ink, mode), alpha="auto")
    samples = np.asarray(data.train.samples)  # type: ignore[union-attr]
    assert samples.shape[1] == 4 and set(samples[:, -1].flat) == {0, 255}
    assert set(samples[:, :3].transpose(0, 2, 3, 1)[samples[:, -1] == 255].flat) == {ink}
    on_white = np.asarray(opened(tmp_path / "icons").train.samples)  # type: ignore[union-attr]
    assert set(on_white.flat) == {ink, 255}


@pytest.mark.parametrize("mode", ["RGBA", "LA", "key"])
def test_white_icons_on_nothing_are_refused_with_what_to_do(tmp_path: Path, mode: str) -> None:
    with pytest.raises(DataError, match="transparent parts are seen as white"):
        opened(icons(tmp_path / "icons", 255, mode), alpha="auto")


def test_dark_pictures_with_transparent_parts_are_no_masks(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 31, (20, 8, 8, 4), dtype=np.uint8)
    pixels[..., 3] = np.where(pixels[..., 3] > 10, 255, 0)
    samples = np.asarray(opened(folder(tmp_path, pixels, "png"), alpha="keep").train.samples)  # type: ignore[union-attr]
    assert samples[:, :3].transpose(0, 2, 3, 1)[samples[:, -1] == 255].max() == 30
