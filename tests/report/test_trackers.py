"""Experiment trackers."""

from __future__ import annotations

import sys
import threading
import time
import types
import warnings
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from steadygan.errors import UsageError
from steadygan.report import trackers
from steadygan.report.pictures import PictureObserver
from steadygan.report.trackers import TensorBoardObserver, TrackerObserver, observer_for
from steadygan.training.observers import Picture, RunEnd, RunStart
from steadygan.types import SampleSpec


def start(folder: Path, round_: int = 0) -> RunStart:
    return RunStart(folder, "wgan-gp", SampleSpec((1, 8, 8)), round_, 10)


def picture(folder: Path, round_: int = 2) -> Picture:
    return Picture(folder, round_, np.full((4, 1, 8, 8), 77, np.uint8))


def end(folder: Path) -> RunEnd:
    return RunEnd(folder, 10, 10, "finished")


def scalars(folder: Path, name: str) -> list[tuple[int, float]]:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder))
    events.Reload()
    return [(event.step, event.value) for event in events.Scalars(f"metrics/{name}")]


def test_tensorboard_reads_back_numbers_and_pictures(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    observer = TensorBoardObserver()
    observer.started(start(tmp_path))
    for i in (1, 2, 3):
        observer.logged({"round": i, "critic_loss": -i / 2, "k_t": float("nan")})
    observer.pictured(picture(tmp_path))
    observer.saved(3, tmp_path)
    observer.ended(end(tmp_path))
    assert scalars(tmp_path, "critic_loss") == [(1, -0.5), (2, -1.0), (3, -1.5)]
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert sorted(events.Tags()["scalars"]) == ["metrics/critic_loss", "metrics/k_t"]
    assert [event.step for event in events.Images("samples")] == [2]


@pytest.mark.parametrize("resumed", [0, 3])
def test_a_resume_hides_the_events_after_its_checkpoint(
    tmp_path: Path, resumed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tensorboard.summary.writer import event_file_writer

    # files of one second are read in the order of a counter in their names, as text: 10 would come before 9
    monkeypatch.setattr(event_file_writer, "_global_uid", event_file_writer.AtomicCounter(10))
    for first, value in ((0, 1.0), (resumed, 2.0)):
        observer = TensorBoardObserver()
        observer.started(start(tmp_path, first))
        for i in range(first + 1, 6):
            observer.logged({"round": i, "critic_loss": value})
        observer.ended(end(tmp_path))
    assert scalars(tmp_path, "critic_loss") == [(i, 1.0 if i <= resumed else 2.0) for i in range(1, 6)]


def test_a_broken_event_file_is_warned_about_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    observer = TensorBoardObserver()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        observer.started(start(tmp_path / "file" / "run"))
        observer.logged({"round": 1, "critic_loss": 1.0})
        observer.pictured(picture(tmp_path))
        observer.ended(end(tmp_path))
    (only,) = caught
    assert "tracker 'tensorboard' failed and is skipped from here on" in str(only.message)


class FakeTracker:
    """Remembers what it is told; stands for one of Accelerate's."""

    requires_logging_directory = True
    made: ClassVar[list[FakeTracker]] = []
    fails_at: ClassVar[int | None] = None

    def __init__(self, *place: str, **options: Any) -> None:
        self.place, self.options = place, options
        self.begun, self.finished = False, False
        self.settings: dict[str, Any] = {}
        self.rows: list[tuple[int, dict[str, float]]] = []
        self.images: list[tuple[int, dict[str, Any]]] = []
        self.made.append(self)

    def start(self) -> None:
        self.begun = True

    def store_init_configuration(self, values: dict[str, Any]) -> None:
        self.settings = values

    def log(self, values: dict[str, float], step: int) -> None:
        if step == self.fails_at:
            raise ConnectionError("the service\nis gone")
        self.rows.append((step, values))

    def log_images(self, values: dict[str, Any], step: int) -> None:
        self.images.append((step, values))

    def finish(self) -> None:
        self.finished = True


@pytest.fixture
def accelerate(monkeypatch: pytest.MonkeyPatch) -> type[FakeTracker]:
    """A package of that name, with one tracker."""
    package, tracking = types.ModuleType("accelerate"), types.ModuleType("accelerate.tracking")
    package.PartialState = lambda: None  # type: ignore[attr-defined]
    tracking.LOGGER_TYPE_TO_CLASS = {"wandb": FakeTracker}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "accelerate", package)
    monkeypatch.setitem(sys.modules, "accelerate.tracking", tracking)
    monkeypatch.setattr(trackers, "find_spec", lambda name: object())
    monkeypatch.setattr(FakeTracker, "made", [])
    monkeypatch.setattr(FakeTracker, "fails_at", None)
    return FakeTracker


def test_a_tracker_gets_recipe_rows_and_pictures(tmp_path: Path, accelerate: type[FakeTracker]) -> None:
    (tmp_path / "recipe.yaml").write_text("name: wgan-gp\npenalties:\n- {kind: R1, gamma: 5.0}\nconstraint: null\n")
    observer = TrackerObserver("wandb", {"tags": ["x"]})
    observer.started(start(tmp_path))
    observer.logged({"round": 1, "critic_loss": 0.5, "penalty": float("nan")})
    observer.pictured(picture(tmp_path))
    observer.ended(end(tmp_path))
    (tracker,) = accelerate.made
    assert tracker.place == ("steadygan", str(tmp_path))
    assert tracker.options == {"name": tmp_path.name, "tags": ["x"]}
    assert tracker.begun
    assert tracker.finished
    assert tracker.settings == {
        "folder": str(tmp_path),
        "name": "wgan-gp",
        "penalties.0.kind": "R1",
        "penalties.0.gamma": 5.0,
    }
    assert tracker.rows == [(1, {"critic_loss": 0.5})]
    ((step, images),) = tracker.images
    assert step == 2
    assert images["samples"][0].shape[2] == 3


def test_a_picture_on_the_disk_is_not_drawn_again(tmp_path: Path, accelerate: type[FakeTracker]) -> None:
    PictureObserver().pictured(picture(tmp_path))
    observer = observer_for("wandb")
    observer.started(start(tmp_path))
    observer.pictured(Picture(tmp_path, 2, np.zeros((4, 1, 8, 8), np.uint8)))
    assert accelerate.made[0].images[0][1]["samples"][0].max() == 128  # of the file: samples of 77, gaps of 128
    assert (accelerate.made[0].images[0][1]["samples"][0] == 77).any()


def test_a_failure_in_the_middle_is_warned_about_once(tmp_path: Path, accelerate: type[FakeTracker]) -> None:
    accelerate.fails_at = 2
    observer = TrackerObserver("wandb")
    observer.started(start(tmp_path))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for i in range(1, 6):
            observer.logged({"round": i, "critic_loss": 0.5})
        observer.pictured(picture(tmp_path))
        observer.ended(end(tmp_path))
    assert [str(w.message) for w in caught] == [
        "tracker 'wandb' failed and is skipped from here on: the service is gone"
    ]
    assert [step for step, _ in accelerate.made[0].rows] == [1]


def test_a_tracker_that_cannot_start_is_one_line(tmp_path: Path, accelerate: type[FakeTracker]) -> None:
    def refuse(self: FakeTracker) -> None:
        raise RuntimeError("no key:\nlog in first")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accelerate, "start", refuse)
        with pytest.raises(UsageError) as caught:
            TrackerObserver("wandb").started(start(tmp_path))
    assert str(caught.value) == "tracker 'wandb' could not be started: no key: log in first"


def test_older_releases_without_a_start_and_trackers_without_images_work(
    tmp_path: Path, accelerate: type[FakeTracker]
) -> None:
    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("error")
        patch.delattr(accelerate, "start")
        patch.delattr(accelerate, "log_images")
        patch.setattr(accelerate, "requires_logging_directory", False)
        observer = TrackerObserver("wandb")
        observer.started(start(tmp_path))
        observer.pictured(picture(tmp_path))
        observer.ended(end(tmp_path))
    assert accelerate.made[0].place == ("steadygan",)


def test_missing_packages_name_the_command_that_brings_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trackers, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'steadygan\[track\]' wandb"):
        TrackerObserver("wandb")
    monkeypatch.setattr(trackers, "find_spec", lambda name: object() if name == "accelerate" else None)
    with pytest.raises(UsageError, match="needs its package: pip install mlflow"):
        TrackerObserver("mlflow")


def test_an_unknown_tracker_has_a_nearest_name() -> None:
    with pytest.raises(UsageError, match="unknown tracker 'wnadb'; did you mean 'wandb'"):
        observer_for("wnadb")
    assert isinstance(observer_for("tensorboard"), TensorBoardObserver)


def test_an_error_in_a_thread_of_tensorboard_is_no_traceback_but_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from tensorboard.summary.writer import record_writer

    def full(self: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    observer = TensorBoardObserver()
    before = threading.excepthook
    observer.started(start(tmp_path))
    monkeypatch.setattr(record_writer.RecordWriter, "write", full)

    def log() -> None:
        for round_ in range(200):
            observer.logged({"round": round_, "critic_loss": 1.0})
            time.sleep(0.005)

    with pytest.warns(UserWarning, match="No space left on device"):
        log()
    observer.ended(end(tmp_path))
    assert threading.excepthook is before
    assert "Traceback" not in capfd.readouterr().err


def test_a_disk_that_is_full_from_the_start_is_a_warning_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tensorboard.summary.writer import record_writer

    def full(self: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(record_writer.RecordWriter, "write", full)
    shown: list[object] = []  # what would be a traceback
    monkeypatch.setattr(threading, "excepthook", shown.append)
    observer = TensorBoardObserver()
    before = threading.excepthook
    with pytest.warns(UserWarning, match="No space left on device"):
        observer.started(start(tmp_path))
    observer.ended(end(tmp_path))
    assert threading.excepthook is before
    assert not shown
