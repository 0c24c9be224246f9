"""Experiment trackers: TensorBoard, and those of Accelerate, such as W&B and MLflow."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.diagnostics.log import from_json
from steadygan.errors import UsageError, unknown_name
from steadygan.report.guarded import Guarded, in_one_line
from steadygan.report.pictures import draw
from steadygan.report.verdicts import Verdicts
from steadygan.run import layout
from steadygan.system.words import visible
from steadygan.system.yaml_text import read_yaml
from steadygan.training.observers import Evaluation, Picture, Row, RunEnd, RunStart

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch.utils.tensorboard import SummaryWriter

TRACKERS = ("wandb", "mlflow", "comet_ml", "aim", "clearml", "dvclive", "swanlab", "trackio")
"""Accelerate's names of trackers besides TensorBoard; each is also the name of its package"""
TAKE_TEXTS = ("wandb", "comet_ml")
"""trackers to which a text can be sent as a number is; others refuse it or drop it"""
SIGNALS = "signals/"
"""before the names of what the doctor measures"""
RUN_NAMES = {"wandb": "name", "trackio": "name", "mlflow": "run_name"}
"""the option for a run's name, for trackers that have one"""


class TensorBoardObserver:
    """Writes event files into the run's folder: ``tensorboard --logdir runs`` shows them.

    After a resume, events of rounds after the checkpoint that an earlier process wrote are hidden.
    """

    def __init__(self) -> None:
        self._guarded = Guarded("tracker 'tensorboard'")
        self._writer: SummaryWriter | None = None
        self._verdicts = Verdicts()
        self._excepthook = threading.excepthook

    def started(self, start: RunStart) -> None:
        self._verdicts = Verdicts(start)
        self._guarded(lambda: self._open(start))

    def logged(self, row: Row) -> None:
        if (writer := self._writer) is None:
            return
        for name, value in row.items():
            if name != "round":
                self._guarded(partial(writer.add_scalar, f"metrics/{name}", value, int(row["round"])))

    def evaluated(self, row: Evaluation) -> None:
        if (writer := self._writer) is not None:
            for name, value in _numbers(row).items():
                self._guarded(partial(writer.add_scalar, f"evaluation/{name}", value, int(row["round"])))

    def pictured(self, picture: Picture) -> None:
        if (writer := self._writer) is None:
            return

        def send() -> None:
            if picture.lines is not None:
                writer.add_text("samples", _as_code(picture.lines), picture.round)
            elif (pixels := _pixels(picture)) is not None:
                writer.add_image("samples", pixels, picture.round, dataformats="HWC")

        self._guarded(send)

    def looked(self, row: Mapping[str, float | int | str]) -> None:
        """Writes the doctor's signals, and its verdict as text where it is another one."""
        if (writer := self._writer) is None:
            return
        self._verdicts.looked(row)
        round_ = int(row["round"])
        for name, value in _signals(row).items():
            self._guarded(partial(writer.add_scalar, name, value, round_))
        if news := self._verdicts.news():
            self._guarded(lambda: writer.add_text("diagnosis", _as_code([news]), round_))

    def saved(self, round_: int, path: Path) -> None: ...

    def ended(self, end: RunEnd) -> None:
        if self._writer is not None:
            self._guarded(self._writer.close)
            self._writer = None
        threading.excepthook = self._excepthook

    def _open(self, start: RunStart) -> None:
        from torch.utils.tensorboard import SummaryWriter

        earlier = any(start.folder.glob(layout.EVENTS))
        first = start.round + 1 if start.round else 0
        self._excepthook = threading.excepthook
        threading.excepthook = partial(_but_for_tensorboard, self._excepthook)  # its thread may fail as it begins
        # short: a killed process loses what it has not flushed
        self._writer = SummaryWriter(str(start.folder), purge_step=first if earlier else None, flush_secs=10)


def _but_for_tensorboard(excepthook: Callable[[Any], object], error: threading.ExceptHookArgs) -> None:
    """Shows the error of a thread, but not TensorBoard's: as on a full disk, which the next call to it raises again."""
    if not type(error.thread).__module__.startswith("tensorboard."):
        excepthook(error)


class TrackerObserver:
    """Sends numbers and pictures to a tracker of Accelerate (extra ``track``), such as 'wandb' or 'mlflow'.

    Args:
        name: one of TRACKERS
        options: passed on to the tracker, such as ``{"project": "faces"}``

    Raises:
        UsageError: for an unknown name, a missing package, or a tracker that cannot be started; a later failure is a
            warning.
    """

    def __init__(self, name: str, options: Mapping[str, Any] | None = None) -> None:
        if name not in TRACKERS:
            raise unknown_name("tracker", name, ("tensorboard", *TRACKERS))
        if find_spec("accelerate") is None:
            raise UsageError(f"tracker '{name}' needs another package: pip install 'steadygan[track]' {name}")
        if find_spec(name) is None:
            raise UsageError(f"tracker '{name}' needs its package: pip install {name}")
        self._name = name
        self._options = dict(options or {})
        self._guarded = Guarded(f"tracker '{name}'")
        self._tracker: Any = None
        self._verdicts = Verdicts()

    def started(self, start: RunStart) -> None:
        self._verdicts = Verdicts(start)
        try:
            self._tracker = self._open(start)
        except Exception as error:
            raise UsageError(f"tracker '{self._name}' could not be started: {in_one_line(error)}") from error
        self._guarded(lambda: self._tracker.store_init_configuration(_settings(start)))

    def logged(self, row: Row) -> None:
        # a service may refuse NaN; a missing value means the same
        values = {name: value for name, value in row.items() if name != "round" and math.isfinite(value)}
        self._guarded(lambda: self._tracker.log(values, step=int(row["round"])))

    def evaluated(self, row: Evaluation) -> None:
        values = {f"evaluation/{name}": value for name, value in _numbers(row).items() if math.isfinite(value)}
        self._guarded(lambda: self._tracker.log(values, step=int(row["round"])))

    def pictured(self, picture: Picture) -> None:
        if not hasattr(self._tracker, "log_images"):  # MLflow and others accept numbers only
            return

        def send() -> None:
            if picture.lines is not None:
                self._tracker.log({"samples": "\n".join(picture.lines)}, step=picture.round)
            elif (pixels := _pixels(picture)) is not None:
                self._tracker.log_images({"samples": [pixels]}, step=picture.round)

        self._guarded(send)

    def looked(self, row: Mapping[str, float | int | str]) -> None:
        """Sends the doctor's signals, and its verdict as text where it is another one and the tracker takes texts."""
        self._verdicts.looked(row)
        values: dict[str, Any] = {name: value for name, value in _signals(row).items() if math.isfinite(value)}
        if (news := self._verdicts.news()) and self._name in TAKE_TEXTS:
            values["diagnosis"] = news
        self._guarded(lambda: self._tracker.log(values, step=int(row["round"])))

    def saved(self, round_: int, path: Path) -> None: ...

    def ended(self, end: RunEnd) -> None:
        if self._tracker is not None:
            self._guarded(self._tracker.finish)

    def _open(self, start: RunStart) -> Any:
        from accelerate import PartialState
        from accelerate.tracking import LOGGER_TYPE_TO_CLASS

        PartialState()  # Accelerate's logging needs it
        kind = LOGGER_TYPE_TO_CLASS[self._name]
        directory = (str(start.folder),) if kind.requires_logging_directory else ()
        named = {RUN_NAMES[self._name]: start.folder.name} if self._name in RUN_NAMES else {}
        tracker = kind("steadygan", *directory, **{**named, **self._options})
        if hasattr(tracker, "start"):  # older releases start at once
            tracker.start()
        return tracker


def observer_for(name: str) -> TensorBoardObserver | TrackerObserver:
    """The observer of a tracker's name: 'tensorboard' or one of TRACKERS."""
    return TensorBoardObserver() if name == "tensorboard" else TrackerObserver(name)


def _signals(row: Mapping[str, float | int | str]) -> dict[str, float]:
    """The numbers of a look by name, infinite ones as such."""
    left_out = ("round", "rounds", "seen", "training_samples")
    numbers = {name: value for name, value in from_json(row).items() if name not in left_out}
    return {f"{SIGNALS}{name}": value for name, value in numbers.items() if not isinstance(value, str)}


def _numbers(row: Evaluation) -> dict[str, float]:
    left_out = ("round", "samples")
    return {name: value for name, value in row.items() if name not in left_out and not isinstance(value, str)}


def _as_code(lines: Sequence[str]) -> str:
    """Lines as a Markdown code block, which keeps them unchanged."""
    return "\n".join(f"    {visible(line)}" for line in lines)


def _pixels(picture: Picture) -> NDArray[np.uint8] | None:
    """The picture uint8 [H, W, 3], read from the run's folder if it is already there."""
    from PIL import Image

    path = layout.picture_path(picture.folder, picture.round)
    if path.is_file():
        with Image.open(path) as image:
            return np.asarray(image.convert("RGB"))
    drawn = draw(picture)
    return None if drawn is None else np.asarray(drawn[0].convert("RGB"))


def _settings(start: RunStart) -> dict[str, str | int | float | bool]:
    """The recipe as ``{"critic.width": 64}``, a form that all trackers accept."""
    path = start.folder / layout.RECIPE
    recipe = read_yaml(path.read_text(encoding="utf-8"), str(path)) if path.is_file() else {}
    flat: dict[str, str | int | float | bool] = {"folder": str(start.folder)}

    def visit(name: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                visit(f"{name}.{key}" if name else str(key), item)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                visit(f"{name}.{index}", item)
        elif value is not None:
            flat[name] = value if isinstance(value, (str, int, float)) else str(value)

    visit("", recipe)
    return flat
