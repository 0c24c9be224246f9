"""Grids of samples as pictures."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.errors import UsageError
from steadygan.report.pictures import (
    PictureObserver,
    class_grid,
    image_grid,
    interpolation_strip,
    save_picture,
    write_gif,
)
from steadygan.run.layout import picture_path
from steadygan.training.observers import Picture


def flat(count: int, channels: int = 1, height: int = 4, width: int = 4) -> np.ndarray:
    """Sample number i has the value 10 (i + 1) everywhere."""
    values = np.arange(1, count + 1, dtype=np.uint8) * 10
    return np.broadcast_to(values[:, None, None, None], (count, channels, height, width)).copy()


def test_tiles_go_row_by_row_with_a_gap_of_two_pixels() -> None:
    grid = np.asarray(image_grid(flat(5), columns=3, scale=1))
    assert grid.shape == (4 + 2 + 4, 4 + 2 + 4 + 2 + 4)
    assert (grid[0:4, 0:4] == 10).all()
    assert (grid[0:4, 6:10] == 20).all()
    assert (grid[6:10, 0:4] == 40).all()
    assert (grid[6:10, 6:10] == 50).all()
    assert (grid[4:6] == 128).all()
    assert (grid[:, 4:6] == 128).all()
    assert (grid[6:10, 12:16] == 128).all()  # the place of a sixth sample


def test_enlarging_repeats_each_pixel() -> None:
    sample = np.arange(16, dtype=np.uint8).reshape(1, 1, 4, 4)
    grid = np.asarray(image_grid(sample, scale=3))
    assert np.array_equal(grid, np.kron(sample[0, 0], np.ones((3, 3), np.uint8)))


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (2, "L"), (3, "RGB"), (4, "RGB")])
def test_one_to_four_channels_have_their_picture_modes(channels: int, mode: str) -> None:
    samples = np.random.default_rng(0).integers(0, 256, (2, channels, 4, 4), dtype=np.uint8)
    colours = channels - (channels in (2, 4))
    samples[:, colours:] = 255
    grid = image_grid(samples, columns=2, scale=1)
    assert grid.mode == mode
    pixels = np.asarray(grid).reshape(4, 10, colours)
    assert np.array_equal(pixels[:, 6:], samples[1, :colours].transpose(1, 2, 0))
    assert (pixels[:, 4:6] == 128).all()


@pytest.mark.parametrize("channels", [2, 4])
def test_transparent_parts_show_light_squares(channels: int) -> None:
    samples = np.zeros((1, channels, 16, 16), np.uint8)
    samples[:, -1, :, 8:] = 102  # of black, 0.4 is seen
    pixels = np.asarray(image_grid(samples, scale=1)).reshape(16, 16, channels - 1)
    rows, columns = np.indices((16, 16)) // 2
    back = np.where((rows + columns) % 2, 230.0, 255.0)
    back[:, 8:] *= 0.6
    assert (pixels == np.rint(back)[..., None]).all()


@pytest.mark.parametrize(("count", "height", "width", "columns", "rows"), [(64, 8, 8, 8, 8), (10, 8, 8, 4, 3)])
def test_a_grid_is_nearly_square(count: int, height: int, width: int, columns: int, rows: int) -> None:
    grid = image_grid(np.zeros((count, 1, height, width), np.uint8), scale=1)
    assert grid.size == (columns * (width + 2) - 2, rows * (height + 2) - 2)


def test_wide_samples_get_fewer_columns() -> None:
    width, height = image_grid(np.zeros((16, 1, 8, 32), np.uint8), scale=1).size
    assert 0.5 < width / height < 2


@pytest.mark.parametrize(("count", "side"), [(64, 8), (1, 8), (64, 28), (100, 32), (2000, 8), (16, 256)])
def test_tiles_and_the_grid_are_large_enough_to_see(count: int, side: int) -> None:
    width = image_grid(np.zeros((count, 1, side, side), np.uint8)).width
    columns = int(np.ceil(np.sqrt(count)))
    assert width >= 250
    assert width <= max(2300, columns * (side + 2))


def test_what_is_no_set_of_images_is_one_line() -> None:
    for wrong in (
        np.zeros((2, 1, 4, 4), np.float32),
        np.zeros((2, 5, 4, 4), np.uint8),
        np.zeros((0, 1, 4, 4), np.uint8),
    ):
        with pytest.raises(UsageError, match=r"uint8 \[N, C, H, W\]"):
            image_grid(wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="at least 1, got 0"):
        image_grid(flat(2), columns=0)


def test_a_strip_is_one_row_from_first_to_last() -> None:
    strip = np.asarray(interpolation_strip(flat(5), scale=1))
    assert strip.shape == (4, 5 * 6 - 2)
    assert strip[0, [0, 6, 12, 18, 24]].tolist() == [10, 20, 30, 40, 50]


def test_an_animation_repeats_and_keeps_its_frames(tmp_path: Path) -> None:
    frames = [image_grid(flat(1) + np.uint8(i)) for i in (0, 60, 120)]
    path = write_gif(frames, tmp_path / "path.gif", seconds_per_frame=0.2)
    with Image.open(path) as animation:
        assert animation.n_frames == 3  # type: ignore[attr-defined]
        assert animation.info["loop"] == 0
        assert animation.info["duration"] == 200
        animation.seek(2)
        assert animation.convert("L").getpixel((0, 0)) == 130


def test_an_animation_refuses_frames_of_two_sizes(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="one size"):
        write_gif([Image.new("L", (4, 4)), Image.new("L", (4, 5))], tmp_path / "path.gif")
    with pytest.raises(UsageError, match="at least 1 frame"):
        write_gif([], tmp_path / "path.gif")


def test_a_picture_without_transparency_stands_on_white(tmp_path: Path) -> None:
    path = save_picture(Image.new("RGBA", (4, 4), (0, 0, 0, 0)), tmp_path / "x.jpg")
    with Image.open(path) as image:
        assert image.getpixel((0, 0)) == (255, 255, 255)


def test_the_observer_writes_a_grid_that_says_what_it_is(tmp_path: Path) -> None:
    PictureObserver().pictured(Picture(tmp_path, 1500, flat(9)))
    path = picture_path(tmp_path, 1500)
    assert path == tmp_path / "samples" / "001500.png"
    with Image.open(path) as image:
        assert image.info["Description"] == "9 samples of fixed latents after round 1,500"
    assert [p.name for p in path.parent.iterdir()] == ["001500.png"]


def test_points_that_are_not_in_the_plane_are_drawn_as_histograms(tmp_path: Path) -> None:
    PictureObserver().pictured(Picture(tmp_path, 1, np.zeros((9, 3), np.float32)))
    with Image.open(tmp_path / "samples" / "000001.png") as image:
        assert "Histograms of columns" in image.info["Description"]


def test_a_grid_of_classes_has_their_names_beside_the_rows_and_the_tiles_of_a_grid() -> None:
    samples = flat(6, channels=3).reshape(3, 2, 3, 4, 4)
    plain = np.asarray(image_grid(samples.reshape(6, 3, 4, 4), columns=2, scale=8))
    named = np.asarray(class_grid(samples, ["a", "bb", "x" * 50], scale=8))
    margin = named.shape[1] - plain.shape[1]
    assert np.array_equal(named[:, margin:], plain)
    assert named[:, 0].min() == 255
    tops = [(named[row * 34 : row * 34 + 32, :margin] < 128).any() for row in range(3)]
    assert tops == [True, True, True]


def test_names_have_to_be_as_many_as_classes() -> None:
    with pytest.raises(UsageError, match="as many names"):
        class_grid(flat(4).reshape(2, 2, 1, 4, 4), ["one"])


def test_the_observer_lays_classes_out_in_rows(tmp_path: Path) -> None:
    PictureObserver().pictured(Picture(tmp_path, 7, flat(10), columns=5))
    with Image.open(picture_path(tmp_path, 7)) as image:
        assert image.width > 2 * image.height
        assert image.info["Description"] == "10 samples of fixed latents, class by class, after round 7"


def test_pictures_that_cannot_be_written_are_one_warning_and_are_tried_again(tmp_path: Path) -> None:
    observer = PictureObserver()
    (tmp_path / "samples").write_text("in the way")
    with pytest.warns(UserWarning, match="the picture of samples failed and is tried again later"):
        observer.pictured(Picture(tmp_path, 1, flat(9)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it is said once
        observer.pictured(Picture(tmp_path, 2, flat(9)))
    (tmp_path / "samples").unlink()
    observer.pictured(Picture(tmp_path, 3, flat(9)))
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["000003.png"]
