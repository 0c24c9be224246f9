"""The contact sheet of a data set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.data import DataOptions, Stored, contact_sheet, open_data
from steadygan.errors import RunError
from tests.data.making import fill


def test_images_stand_in_a_grid_enlarged_by_whole_factors(tmp_path: Path) -> None:
    data = open_data(DataOptions())
    contact_sheet(data, tmp_path / "deep" / "sheet.png")
    with Image.open(tmp_path / "deep" / "sheet.png") as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape == (8 * 66 + 2, 8 * 66 + 2, 3)
    assert isinstance(data.train, Stored)
    assert np.array_equal(pixels[2:66:8, 2:66:8, 0], data.train.samples[0, 0])
    assert np.array_equal(pixels[-66:-2:8, -66:-2:8, 0], data.train.samples[-1, 0])


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_any_channels_and_few_images(tmp_path: Path, channels: int) -> None:
    data = open_data(DataOptions(source=str(fill(tmp_path / "set", 16)), channels=channels))
    contact_sheet(data, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.mode == "RGB"
        assert sheet.size == (8 * 66 + 2, 2 * 66 + 2)


@pytest.mark.parametrize("source", ["8gaussians", "25gaussians"])
def test_points_are_scattered(tmp_path: Path, source: str) -> None:
    contact_sheet(open_data(DataOptions(source=source)), tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert min(sheet.size) > 300
        assert len(np.unique(np.asarray(sheet))) > 20


def test_fresh_images_are_drawn_the_same_each_time(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        contact_sheet(open_data(DataOptions(source="stacked-digits")), tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_a_path_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot write"):
        contact_sheet(open_data(DataOptions()), tmp_path / "file" / "sheet.png")
