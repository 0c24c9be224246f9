"""Transparency of a set: when it is kept, and that what lies under it has no part in the data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.data import DataOptions, audit_data, open_data
from steadygan.data.open import open_memory
from steadygan.errors import UsageError
from tests.data.making import fill

SIDE = 16


def pictures(folder: Path, count: int, *, transparent: int, under: int = 0, mode: str = "RGBA") -> Path:
    """``count`` PNG files of 16 px, the first ones with a transparent half over colours that follow ``under``."""
    folder.mkdir()
    rng, hidden = np.random.default_rng(0), np.random.default_rng(under)
    for index in range(count):
        pixels = rng.integers(0, 256, (SIDE, SIDE, 4), dtype=np.uint8)
        pixels[..., 3] = 255
        below = hidden.integers(0, 256, (SIDE, SIDE // 2, 3), dtype=np.uint8)
        if index < transparent:
            pixels[:, : SIDE // 2, :3], pixels[:, : SIDE // 2, 3] = below, 0
        Image.fromarray(pixels).convert(mode).save(folder / f"{index:03}.png")
    return folder


def opened(folder: Path, **options):
    return open_data(DataOptions(str(folder), **options))


def test_alpha_is_kept_where_one_picture_in_twenty_uses_it(tmp_path: Path) -> None:
    assert opened(pictures(tmp_path / "used", 40, transparent=2), alpha="auto").sample.shape == (4, SIDE, SIDE)
    assert opened(pictures(tmp_path / "strays", 41, transparent=1), alpha="auto").sample.shape == (3, SIDE, SIDE)
    assert opened(pictures(tmp_path / "opaque", 20, transparent=0), alpha="auto").sample.shape == (3, SIDE, SIDE)


def test_grey_pictures_with_alpha_are_rgba_unless_two_channels_are_asked_for(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "grey", 20, transparent=20, mode="LA")
    kept = opened(folder, alpha="auto")
    assert kept.sample.shape[0] == 4
    assert (kept.train.samples[:, 0] == kept.train.samples[:, 1]).all()
    assert opened(folder, alpha="auto", channels=2).sample.shape[0] == 2
    assert opened(folder, alpha="white").sample.shape[0] == 1


def test_a_transparent_colour_of_a_palette_counts(tmp_path: Path) -> None:
    folder = tmp_path / "palette"
    folder.mkdir()
    for index in range(20):
        pixels = np.random.default_rng(index).integers(0, 9, (SIDE, SIDE), dtype=np.uint8)
        image = Image.fromarray(pixels, "P")
        image.putpalette(list(range(256)) * 3)
        image.save(folder / f"{index}.png", transparency=3)
    samples = opened(folder, alpha="auto").train.samples
    assert samples.shape[1] == 4 and set(np.unique(samples[:, 3])) == {0, 255}


@pytest.mark.parametrize("size", [None, 8, 13])
def test_colours_under_transparent_pixels_have_no_part_in_the_data(tmp_path: Path, size: int | None) -> None:
    one = opened(pictures(tmp_path / "a", 20, transparent=20, under=1), alpha="keep", size=size, held_out=0.2)
    two = opened(pictures(tmp_path / "b", 20, transparent=20, under=2), alpha="keep", size=size, held_out=0.2)

    def rows(dataset) -> list[bytes]:
        return sorted(row.tobytes() for part in (dataset.train, dataset.held_out) for row in part.samples)

    assert rows(one) == rows(two)
    hidden = one.train.samples[:, 3] == 0
    assert hidden.any() and (one.train.samples[:, :3].transpose(0, 2, 3, 1)[hidden] == 255).all()


def test_padding_is_transparent(tmp_path: Path) -> None:
    folder = fill(tmp_path / "wide", size=(16, 8))
    sample = opened(folder, alpha="keep", fit="pad", size=16).train.samples[0]
    assert (sample[3, :4] == 0).all() and (sample[3, 4:12] == 255).all() and (sample[:3, :4] == 255).all()


def test_older_options_have_the_fingerprints_that_they_had(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "set", 20, transparent=20)
    white, as_before = opened(folder), opened(folder, channels=4)
    settled = opened(pictures(tmp_path / "opaque", 20, transparent=0), alpha="auto")
    assert white.sample.shape[0] == 3 and settled.fingerprint == opened(tmp_path / "opaque").fingerprint
    kept = opened(folder, alpha="keep")
    assert kept.fingerprint == opened(folder, alpha="auto").fingerprint
    assert len({white.fingerprint, as_before.fingerprint, kept.fingerprint}) == 3
    assert not (as_before.train.samples[:, :3].transpose(0, 2, 3, 1)[as_before.train.samples[:, 3] == 0] == 255).all()


def test_arrays_in_memory_keep_alpha_too() -> None:
    images = np.random.default_rng(0).integers(0, 256, (24, 8, 8, 4), dtype=np.uint8)
    images[..., 3][:, :4] = 0
    dataset = open_memory(images, DataOptions("memory", alpha="auto"))
    assert dataset.sample.shape == (4, 8, 8)
    hidden = dataset.train.samples[:, 3] == 0
    assert (dataset.train.samples[:, :3].transpose(0, 2, 3, 1)[hidden] == 255).all()


def test_the_audit_says_what_becomes_of_transparency(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "set", 20, transparent=20)
    text = " ".join(audit_data(DataOptions(str(folder), alpha="auto")).what_training_will_do)
    assert "transparency is kept" in text and "--data.alpha white" in text
    assert "become white" in " ".join(audit_data(DataOptions(str(folder))).what_training_will_do)


def test_contradictions_are_refused() -> None:
    with pytest.raises(UsageError, match="data alpha is 'keep', but data channels is 3"):
        DataOptions("digits", alpha="keep", channels=3)
    with pytest.raises(UsageError, match="data alpha"):
        DataOptions("digits", alpha="kept")
    with pytest.raises(UsageError, match="is no pictures"):
        open_data(DataOptions("8gaussians", alpha="keep"))
