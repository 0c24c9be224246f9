"""The size of pictures follows the time that a training has."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

import numpy as np
import pytest

from steadygan import api
from steadygan.cli import main
from steadygan.data import DataOptions
from steadygan.default_recipe import size as sizes
from steadygan.types import SampleSpec
from tests.data.making import fill


@pytest.fixture
def wide(tmp_path: Path) -> Path:
    """A folder of 40 pictures of 96x64 pixels."""
    return fill(tmp_path / "wide", 40, (96, 64))


@pytest.fixture
def speeds(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """1,000 pictures of 64 px a minute, more of smaller ones by their pixels; lists the shapes that were asked for."""
    asked: list[tuple[int, ...]] = []

    def seen(sample: SampleSpec, minutes: float, device: str) -> float:
        asked.append(sample.shape)
        return 1_000 * minutes * 64**2 / min(sample.shape[1:]) ** 2

    monkeypatch.setattr(sizes, "pictures_seen", seen)
    return asked


@pytest.mark.usefixtures("speeds")
@pytest.mark.parametrize(
    ("minutes", "size", "said"),
    [
        (None, 32, "32 px: at 64 px only about 20,000 pictures would be seen in 20 min"),
        (9, 32, "only about 9,000 pictures would be seen in 9 min, and 60,000 are wanted"),
        (59, 32, "(--data.size 64 --minutes 70 for that)"),
        (59.9, 32, "about 59,000 pictures would be seen in 60 min, and 60,000 are wanted"),
        (60, None, None),
        (math.inf, None, None),
    ],
)
def test_a_size_is_halved_where_too_few_pictures_would_be_seen(
    wide: Path, minutes: float | None, size: int | None, said: str | None
) -> None:
    options, reasons = sizes.with_size(DataOptions(source=str(wide)), "cpu", minutes)
    assert options.size == size
    assert (said in reasons[0]) if said else not reasons


def test_a_size_that_is_named_stays_and_is_judged(wide: Path, speeds: list[tuple[int, ...]]) -> None:
    options = DataOptions(source=str(wide), size=128)
    made, (reason,) = sizes.with_size(options, "cpu", 20)
    assert made == options and speeds == [(3, 128, 128)]
    assert reason.startswith("at 128 px only about 5,000 pictures") and "--minutes 265, or a smaller" in reason


def test_sides_that_are_not_square_are_measured_as_they_are(wide: Path, speeds: list[tuple[int, ...]]) -> None:
    made, _ = sizes.with_size(DataOptions(source=str(wide), fit="keep"), "cpu", 20)
    assert speeds == [(3, 64, 96)] and made.size == 32


def test_nothing_is_measured_for_small_pictures_for_a_gpu_and_for_what_is_no_picture(
    wide: Path, speeds: list[tuple[int, ...]]
) -> None:
    options = DataOptions(source=str(wide))
    for of, device in ((DataOptions(), "cpu"), (DataOptions(source="8gaussians"), "cpu"), (options, "cuda")):
        assert sizes.with_size(of, device, 1) == (of, ())
    assert sizes.with_size(DataOptions(source=str(wide), size=32), "cpu", 1).reasons == ()
    assert speeds == []


def test_the_speed_is_measured_on_the_networks_of_the_size() -> None:
    small, large = (sizes.pictures_seen(SampleSpec((3, side, side)), 0.2, "cpu") for side in (32, 64))
    assert small > large > 0
    assert sizes.pictures_seen(SampleSpec((3, 32, 32)), 0.4, "cpu") > small


@pytest.mark.usefixtures("speeds")
def test_arrays_keep_their_size_and_recipes_that_are_named_too(wide: Path) -> None:
    arrays = np.random.default_rng(0).integers(0, 256, (40, 64, 64, 3), dtype=np.uint8)
    assert api.prepare(None, arrays, minutes=1).dataset.sample.shape == (3, 64, 64)
    assert api.prepare("wgan-gp", wide, minutes=1).dataset.sample.shape == (3, 64, 64)
    ready = api.prepare(None, wide, minutes=1)
    assert ready.dataset.sample.shape == (3, 32, 32) and ready.recipe.data.size == 32
    assert any(reason.startswith("32 px: at 64 px") for reason in ready.reasons)


@pytest.mark.usefixtures("speeds")
@pytest.mark.parametrize(("length", "size"), [(["--minutes", "0.01"], 32), (["--rounds", "1"], 64)])
def test_the_command_goes_by_its_time_limit(
    wide: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], length: list[str], size: int
) -> None:
    monkeypatch.chdir(wide.parent)
    small = ["--batch", "4", "--generator.width", "4", "--critic.width", "4", "--run.evaluate", "none", "--out", "run"]
    assert main(["train", "--data", "wide", *length, *small]) == 0
    assert api.load("run").sample_spec.shape == (3, size, size)
    assert ("chosen: 32 px: at 64 px" in capsys.readouterr().out) is (size == 32)


@pytest.mark.parametrize("minutes", [0.1, 1, 7.3, 20, 59.99])
def test_the_minutes_that_are_named_suffice_also_at_a_speed_a_tenth_lower(
    wide: Path, monkeypatch: pytest.MonkeyPatch, minutes: float
) -> None:
    monkeypatch.setattr(sizes, "pictures_seen", lambda sample, minutes, device: 1_000 * minutes)
    _, (reason,) = sizes.with_size(DataOptions(source=str(wide)), "cpu", minutes)
    words = reason.replace("(", " ").split()
    size, named = (words[words.index(option) + 1] for option in ("--data.size", "--minutes"))
    monkeypatch.setattr(sizes, "pictures_seen", lambda sample, minutes, device: 0.91 * 1_000 * minutes)
    options = DataOptions(source=str(wide), size=int(size))
    assert sizes.with_size(options, "cpu", float(named)) == (options, ())


def test_of_several_processes_the_first_one_chooses_the_size(wide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Second:
        first, size = False, 2

        def broadcast(self, value: object) -> object:
            return sizes.Sized(DataOptions(source=str(wide), size=48), ("as the first one measured",))

    def pictures_seen(*_: object) -> float:
        raise AssertionError("another process measures too")

    monkeypatch.setattr("steadygan.training.processes.launch.joined", lambda _: contextlib.nullcontext(Second()))
    monkeypatch.setattr(sizes, "pictures_seen", pictures_seen)
    ready = api.prepare(None, wide, device="cpu")
    assert ready.dataset.sample.shape == (3, 48, 48) and "as the first one measured" in ready.reasons
