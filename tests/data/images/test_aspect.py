"""Pictures of their common aspect ratio: fit 'keep'."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.data import DataOptions, audit_data, open_data
from steadygan.data.images.decode import Plan, decode
from tests.data.making import encoded, fill, picture


def opened(folder: Path, **options):
    return open_data(DataOptions(str(folder), fit="keep", **options))


@pytest.mark.parametrize(
    ("size", "wanted", "shape"),
    [
        ((60, 40), 32, (32, 48)),
        ((40, 60), 32, (48, 32)),
        ((64, 36), 64, (64, 112)),  # 113.8, to a multiple of 16
        ((44, 40), 32, (32, 32)),  # 35.2 is nearer to a square than to 40
        ((300, 20), 16, (16, 64)),  # at most 4:1
        ((24, 24), 16, (16, 16)),
    ],
)
def test_the_longer_side_follows_the_pictures(tmp_path: Path, size, wanted: int, shape) -> None:
    assert opened(fill(tmp_path / "set", size=size), size=wanted).sample.shape == (3, *shape)


def test_other_ratios_are_cropped_to_the_common_one(tmp_path: Path) -> None:
    folder = fill(tmp_path / "set", 20, size=(60, 40))
    fill(folder, 3, size=(40, 40), start=20)
    dataset = opened(folder, size=32)
    assert dataset.sample.shape == (3, 32, 48)
    sentences = " ".join(audit_data(DataOptions(str(folder), fit="keep", size=32)).what_training_will_do)
    assert "cropped to 48:32 and resized to 48x32" in sentences


@pytest.mark.parametrize("size", [(90, 40), (40, 90), (60, 40), (61, 40)])
def test_the_middle_is_kept_as_pillow_resizes_it(size: tuple[int, int]) -> None:
    image = picture(0, size)
    width, height = size
    wide, high = min(width, height * 48 / 32), min(height, width * 32 / 48)
    left, top = (width - wide) / 2, (height - high) / 2
    expected = image.resize(
        (48, 32), Image.Resampling.LANCZOS, box=(left, top, left + wide, top + high), reducing_gap=3
    )
    made = decode(encoded(image), Plan.of((3, 32, 48)))
    assert np.array_equal(made, np.asarray(expected).transpose(2, 0, 1))


@pytest.mark.parametrize("side", [8, 28, 32, 37, 100])
@pytest.mark.parametrize("size", [(100, 100), (101, 77), (33, 90)])
def test_squares_are_cut_out_as_ever(side: int, size: tuple[int, int]) -> None:
    image = picture(0, size)
    least = min(size)
    left, top = (size[0] - least) / 2, (size[1] - least) / 2
    box = (left, top, left + least, top + least)
    expected = image.resize((side, side), Image.Resampling.LANCZOS, box=box, reducing_gap=3)
    assert np.array_equal(decode(encoded(image), Plan(side, 3)), np.asarray(expected).transpose(2, 0, 1))


def test_a_plan_of_squares_has_the_hash_that_it_had() -> None:
    assert Plan(32, 3).to_json() == {"size": 32, "channels": 3, "fit": "crop"}
    assert Plan.of((3, 32, 32)) == Plan(32, 3)
    assert Plan.of((4, 48, 32)).shape == (4, 48, 32) and Plan.of((4, 48, 32)).size == 32
