"""Films: frames, times and loops of the files that are written, read back."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from steadygan.errors import UsageError
from steadygan.report.films import MOST_ROUNDS, training_frames, training_pictures, write_film
from steadygan.run import layout

GREYS = (0, 60, 120, 180, 240)
needs_video = pytest.mark.skipif(importlib.util.find_spec("av") is None, reason="needs PyAV")


def frames(width: int = 65, height: int = 48) -> Iterator[Image.Image]:
    """Plain frames of some greys, whose width is odd."""
    return (Image.new("L", (width, height), grey) for grey in GREYS)


@pytest.mark.parametrize("ending", ["gif", "webp"])
def test_animations_have_every_frame_its_time_and_no_end(ending: str, tmp_path: Path) -> None:
    path = write_film(frames(), tmp_path / f"film.{ending}", 0.08)
    with Image.open(path) as film:
        assert film.n_frames == len(GREYS) and film.info["loop"] == 0 and film.size == (66, 48)  # type: ignore[attr-defined]
        for index, grey in enumerate(GREYS):
            film.seek(index)
            film.load()
            assert film.info["duration"] == 80
            assert abs(np.asarray(film.convert("L"))[10:40, 10:55].astype(int) - grey).max() <= 3


@needs_video
def test_mp4_has_every_frame_at_its_time(tmp_path: Path) -> None:
    import av

    path = write_film(frames(), tmp_path / "film.mp4", 1 / 24)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        found = list(container.decode(stream))
    assert len(found) == len(GREYS) and (found[0].width, found[0].height) == (66, 48)
    for index, (frame, grey) in enumerate(zip(found, GREYS, strict=True)):
        assert abs(frame.time - index / 24) < 1e-6
        assert abs(float(frame.to_ndarray(format="gray")[10:40, 10:55].mean()) - grey) < 4


def test_frames_get_the_size_of_the_first_and_transparency_is_white(tmp_path: Path) -> None:
    made = [Image.new("RGB", (40, 40), "black"), Image.new("RGBA", (40, 80), (0, 0, 0, 0)), Image.new("L", (80, 80), 9)]
    with Image.open(write_film(made, tmp_path / "film.webp", 0.1)) as film:
        film.seek(1)
        assert film.size == (40, 40) and np.asarray(film.convert("L")).min() > 250
    with Image.open(write_film([Image.new("L", (2560, 640))] * 2, tmp_path / "large.gif", 0.1)) as film:
        assert film.size == (1280, 320)


def test_what_is_no_film_is_refused_and_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, made, seconds, word in (
        ("a.avi", frames(), 0.1, ".mp4"),
        ("a.gif", iter(()), 0.1, "frame"),
        ("a.gif", frames(), 0.001, "0.02"),
        ("a.gif", frames(), float("nan"), "0.02"),
        ("a.gif", frames(), 700.0, "600"),
    ):
        with pytest.raises(UsageError, match=word):
            write_film(made, tmp_path / name, seconds)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="pip install 'steadygan\\[video\\]'"):
        write_film(frames(), tmp_path / "a.mp4", 0.1)
    assert not list(tmp_path.iterdir())


def _run(folder: Path, count: int) -> Path:
    (folder / layout.SAMPLES).mkdir()
    for index in range(count):
        Image.new("L", (60, 60), index % 256).save(layout.picture_path(folder, 10 * index))
    return folder


def test_a_training_s_pictures_have_their_round_and_its_share(tmp_path: Path) -> None:
    folder = _run(tmp_path, 5)
    layout.picture_path(folder, 20).write_bytes(b"torn")
    made = [np.asarray(frame) for frame in training_frames(training_pictures(folder), 40)]
    assert len(made) == 4 and [int(frame[5, 5, 0]) for frame in made] == [0, 1, 3, 4]
    bars = [int((np.abs(frame[62].astype(int) - (70, 110, 180)).max(axis=1) < 3).sum()) for frame in made]
    assert bars == [1, 16, 45, 60]


def test_long_trainings_are_thinned_with_both_ends_and_short_ones_refused(tmp_path: Path) -> None:
    (tmp_path / layout.SAMPLES).mkdir()
    with pytest.raises(UsageError, match=r"picture-every"):
        training_pictures(tmp_path)
    for index in range(MOST_ROUNDS + 200):
        layout.picture_path(tmp_path, index).touch()
    rounds = [layout.picture_round(path) for path in training_pictures(tmp_path)]
    assert len(rounds) == MOST_ROUNDS and rounds[0] == 0 and rounds[-1] == MOST_ROUNDS + 199
    assert set(np.diff(rounds)) <= {1, 2}
