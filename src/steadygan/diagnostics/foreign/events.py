"""TensorBoard's event files: the scalars of each tag, thinned as they are read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from steadygan.data.reading import reading, shown
from steadygan.diagnostics.foreign.record import Source
from steadygan.errors import DataError, UsageError
from steadygan.system.regular import check_regular
from steadygan.system.words import counted

PATTERN = "*tfevents*"
STEP = "step"
MOST = 4096
"""values of a tag that are kept"""
MOST_TAGS = 2048


def is_events(path: Path) -> bool:
    """True for an event file, and for a folder with some."""
    return ("tfevents" in path.name and path.is_file()) or (path.is_dir() and bool(_files(path)))


def open_events(path: Path) -> Source:
    """The scalars of an event file, or of all in a folder, as a source.

    Raises:
        UsageError: without the package ``tensorboard``.
        DataError: one line, for damaged files, and for files without scalars.
    """
    if find_spec("tensorboard") is None:
        raise UsageError("TensorBoard's events need its package: pip install tensorboard")
    series: dict[str, _Thinned] = {}
    for file in _files(path):
        check_regular(file)
        with reading(file, "TensorBoard events"):
            for tag, step, value in _scalars(file):
                if tag in series or len(series) < MOST_TAGS:
                    series.setdefault(tag, _Thinned()).add(step, value)
    if not series:
        raise DataError(f"'{shown(path)}' has no scalars: nothing of it can be judged")
    by_step: dict[int, dict[str, float]] = {}
    for tag, values in series.items():
        for step, value in values.points.items():
            by_step.setdefault(step, {STEP: float(step)})[tag] = value
    rows = [by_step[step] for step in sorted(by_step)]
    returns = max(values.returns for values in series.values())
    return Source("TensorBoard events", lambda: iter(rows), _returned(returns) if returns else ())


def _returned(returns: int) -> tuple[str, ...]:
    return (
        f"steps go back {counted(returns, 'time')}, as in a training that was resumed: what came after such a step "
        "before is left out. Steps that begin again in each epoch, or several trainings in one folder, lose all but "
        "the last",
    )


def _files(path: Path) -> list[Path]:
    return sorted(path.glob(PATTERN)) if path.is_dir() else [path]


def _scalars(path: Path) -> Iterator[tuple[str, int, float]]:
    from tensorboard.backend.event_processing.event_file_loader import EventFileLoader
    from tensorboard.util.tensor_util import make_ndarray

    for event in EventFileLoader(str(path)).Load():
        for value in event.summary.value if event.HasField("summary") else ():
            if value.HasField("simple_value"):
                yield value.tag, int(event.step), float(value.simple_value)
            elif value.metadata.plugin_data.plugin_name == "scalars" and value.HasField("tensor"):
                array = make_ndarray(value.tensor)
                yield value.tag, int(event.step), float(array.item()) if array.size == 1 else math.nan


class _Thinned:
    """The values of one tag by step; every second one goes whenever there are too many.

    A step that goes back is a training that was resumed: what came after it is left out.
    """

    def __init__(self) -> None:
        self.points: dict[int, float] = {}
        self.returns = 0
        self._stride, self._count, self._last = 1, 0, -1

    def add(self, step: int, value: float) -> None:
        if step <= self._last:
            self.returns += step < self._last
            self.points = {at: each for at, each in self.points.items() if at < step}
        self._last = step
        self._count += 1
        if self._count % self._stride and math.isfinite(value):
            return
        self.points[step] = value
        if len(self.points) > MOST:
            kept = list(self.points.items())
            self.points = dict(kept[1::2])
            self._stride *= 2
