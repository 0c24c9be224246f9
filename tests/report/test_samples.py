"""Files of samples: a grid, a folder of pictures, or an array file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.errors import UsageError
from steadygan.report.samples import save_folder, save_grid, save_npz, save_samples

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 3, 4, 4), dtype=np.uint8)
POINTS = np.random.default_rng(0).normal(size=(5, 2)).astype(np.float32)
LABELS = np.arange(5)


def test_the_ending_of_the_path_decides(tmp_path: Path) -> None:
    assert save_samples(IMAGES, tmp_path / "grid.PNG").is_file()
    assert save_samples(IMAGES, tmp_path / "grid.jpg").is_file()
    assert save_samples(IMAGES, tmp_path / "arrays.npz").is_file()
    assert save_samples(IMAGES, tmp_path / "folder").is_dir()
    assert save_samples(IMAGES, tmp_path / "folder").is_dir()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["arrays.npz", "folder", "grid.PNG", "grid.jpg"]


def test_an_unknown_ending_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has to be \.npz or \.npy for arrays, none for a folder") as caught:
        save_samples(IMAGES, tmp_path / "samples.zip")
    assert "\n" not in str(caught.value)


def test_a_folder_of_pictures_holds_every_sample_to_the_last_pixel(tmp_path: Path) -> None:
    folder = save_folder(IMAGES, tmp_path / "out", LABELS)
    names = sorted(p.name for p in folder.iterdir())
    assert names == [*(f"{i:06d}.png" for i in range(5)), "labels.csv"]
    for i in range(5):
        with Image.open(folder / f"{i:06d}.png") as image:
            assert np.array_equal(np.asarray(image).transpose(2, 0, 1), IMAGES[i])
    assert (folder / "labels.csv").read_text().splitlines()[:2] == ["file,label", "000000.png,0"]


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_channels_make_pictures_too(tmp_path: Path, channels: int) -> None:
    samples = np.repeat(IMAGES[:, :1], channels, axis=1)
    folder = save_folder(samples, tmp_path / "out")
    with Image.open(folder / "000000.png") as image:
        assert np.array_equal(np.asarray(image).reshape(4, 4, channels).transpose(2, 0, 1), samples[0])


def test_an_own_folder_is_replaced_and_leaves_no_old_sample(tmp_path: Path) -> None:
    save_folder(IMAGES, tmp_path / "out", LABELS)
    folder = save_folder(IMAGES[:2], tmp_path / "out")
    assert sorted(p.name for p in folder.iterdir()) == ["000000.png", "000001.png"]
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_with_anything_else_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_bytes(b"precious")
    with pytest.raises(UsageError, match=r"holds 'holiday\.jpg', which is no sample of an earlier call"):
        save_folder(IMAGES, tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["holiday.jpg"]


def test_an_empty_folder_is_used(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert len(list(save_folder(IMAGES, tmp_path / "out").iterdir())) == 5


def test_a_file_in_the_way_of_a_folder_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UsageError, match="is a file"):
        save_folder(IMAGES, tmp_path / "out")


def test_an_array_file_holds_images_as_evaluation_tools_read_them(tmp_path: Path) -> None:
    with np.load(save_npz(IMAGES, tmp_path / "out.npz", LABELS)) as arrays:
        assert arrays["images"].dtype == np.uint8
        assert np.array_equal(arrays["images"], IMAGES.transpose(0, 2, 3, 1))
        assert np.array_equal(arrays["labels"], LABELS)


def test_an_array_file_holds_points(tmp_path: Path) -> None:
    with np.load(save_npz(POINTS, tmp_path / "out.npz")) as arrays:
        assert arrays.files == ["points"]
        assert np.array_equal(arrays["points"], POINTS)


def test_points_are_drawn_in_the_plane_and_no_folder_of_pictures(tmp_path: Path) -> None:
    with Image.open(save_grid(POINTS, tmp_path / "points.png")) as image:
        assert image.info["Description"] == "5 generated points"
    with pytest.raises(UsageError, match="no pictures for a folder"):
        save_samples(POINTS, tmp_path / "folder")


def test_a_grid_takes_the_columns_it_is_given(tmp_path: Path) -> None:
    with Image.open(save_grid(IMAGES, tmp_path / "grid.png", columns=5)) as image:
        assert image.width > 4 * image.height
