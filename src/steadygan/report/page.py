"""report.html: pictures, curves and facts of a run in one self-contained file."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from steadygan.report.captions import Reading
from steadygan.report.curves import Chart, Series
from steadygan.report.diagnosis_section import Section, diagnosis_section
from steadygan.report.embed import FRAME_SIDE, LAST_SIDE, Embedded, embed, spread
from steadygan.report.facts import Facts, evaluation_facts, readable
from steadygan.report.guarded import Guarded
from steadygan.report.lines import Lines, shown_lines
from steadygan.report.paths import ShortPaths
from steadygan.report.readings import readings_for
from steadygan.report.run_contents import RunContents, read_run
from steadygan.report.thinning import running_median
from steadygan.run import layout
from steadygan.run.records import Curve
from steadygan.system import progress
from steadygan.system.escapes import page_text
from steadygan.system.files import written_aside
from steadygan.system.page_template import page_template
from steadygan.system.words import count, duration, number
from steadygan.training.observers import Evaluation, Picture, Row, RunEnd, RunStart

WINDOW = 101
"""window of the running median, in logged rows, as in the figures of the WGAN paper"""


@dataclass(frozen=True)
class Card:
    """One chart on the page."""

    title: str
    sentence: str
    svg: Markup | None
    """None for fewer than two points, whose values alone are shown"""
    last: str
    """the last values in words; replaced by those under the pointer"""
    notes: tuple[str, ...] = ()
    """values that the drawing leaves out"""


def write_report(folder: Path, end: RunEnd | None = None, window: int = WINDOW) -> Path:
    """Write ``report.html`` into a run's folder; returns its path.

    Args:
        folder: of a run that is finished, stopped or still going on
        end: how it ended, if that is known
        window: of the running median that is drawn over the raw values, in logged rows; 1: raw values alone

    Raises:
        RunError: for a folder that holds no run or cannot be written.
    """
    progress.tell("writing the report")
    page = page_of(read_run(folder), end, window)
    return _write(folder / layout.REPORT, page)


def page_of(run: RunContents, end: RunEnd | None = None, window: int = WINDOW) -> str:
    """The page as text."""
    # a recipe edited by hand may contain any text: autoescape covers all that is not drawn here
    last, frames = _samples(run)
    short = ShortPaths([str(run.folder.resolve()), run.settings, run.documents])
    readings = readings_for(run.curves, run.settings, run.judge)
    charts = [reading for reading in readings if not _constant(run, reading)]
    constants = [reading for reading in readings if _constant(run, reading)]
    return page_template("steadygan.report").render(
        name=str(run.settings.get("name") or run.folder.resolve().name),
        folder=run.folder.resolve().name,
        source=short(_source(run.settings)).removeprefix("…/"),
        status=_status(run, end),
        tiles=_tiles(run),
        diagnosis=_diagnosis(run, short),
        last=last,
        frames=frames,
        cards=[_card(run, reading, window) for reading in charts],
        constants=[f"{reading.title}: {_last(run, reading)}" for reading in constants],
        window=window,
        plan=[short(line) for line in run.plan],
        recipe=short(run.recipe.strip()),
        changes=[short(str(change)) for change in run.changes],
        documents={name: _facts(name, short.inside(content)) for name, content in run.documents.items()},
        scales=_scales(run),
        nearest=embed(nearest, LAST_SIDE) if (nearest := run.folder / layout.NEAREST).is_file() else None,
        written=time.strftime("%Y-%m-%d %H:%M"),
    )


def _diagnosis(run: RunContents, short: ShortPaths) -> Section | None:
    found = diagnosis_section(run.folder)
    if found is None:
        return None
    texts = [dataclasses.replace(each, text=short(each.text)) for each in found.evidence]
    return dataclasses.replace(found, evidence=tuple(texts), others=tuple(short(line) for line in found.others))


def _samples(run: RunContents) -> tuple[Embedded | Lines | None, list[Embedded | Lines]]:
    """The last picture or lines of text, and some of the earlier ones."""
    frames: list[Embedded | Lines | None]
    if run.texts:
        *earlier, last = run.texts
        frames = [shown_lines(path) for path in spread(earlier)]
        return shown_lines(last), [frame for frame in frames if frame]
    if not run.pictures:
        return None, []
    *earlier, last = run.pictures
    frames = [embed(path, FRAME_SIDE) for path in spread(earlier)]
    return embed(last, LAST_SIDE), [frame for frame in frames if frame]


def _scales(run: RunContents) -> Embedded | None:
    """The last picture's samples at all their sizes, if they have several."""
    if not run.pictures:
        return None
    path = layout.scales_path(run.folder, layout.picture_round(run.pictures[-1]))
    return embed(path, LAST_SIDE) if path.is_file() else None


def _facts(name: str, content: Any) -> Facts:
    return evaluation_facts(content) if name == "evaluation" else readable(content)


class PageObserver:
    """Writes ``plan.txt``, and ``report.html`` anew with new pictures, within half a percent of the run's time.

    A page that cannot be written is a warning; the run goes on.
    """

    def __init__(self) -> None:
        self._guarded = Guarded("the report")
        self._next = 0.0
        self.ending_seconds = 0.0
        """of the last page, as another one takes them"""

    def started(self, start: RunStart) -> None:
        if start.plan and start.round == 0:  # the plan of a resume covers the remaining rounds only
            self._guarded(lambda: _write(start.folder / layout.PLAN, "\n".join(start.plan) + "\n"))

    def logged(self, row: Row) -> None: ...
    def evaluated(self, row: Evaluation) -> None: ...

    def pictured(self, picture: Picture) -> None:
        began = time.monotonic()
        if began >= self._next:
            self._guarded(lambda: write_report(picture.folder))
            self.ending_seconds = time.monotonic() - began
            self._next = time.monotonic() + 200 * self.ending_seconds

    def saved(self, round_: int, path: Path) -> None: ...

    def ended(self, end: RunEnd) -> None:
        self._guarded(lambda: write_report(end.folder, end))


def _write(path: Path, text: str) -> Path:
    with written_aside(path) as aside:
        aside.write_bytes(page_text(text).encode())
    return path


def _card(run: RunContents, reading: Reading, window: int) -> Card:
    drawn = [run.curves[name] for name, _ in reading.fields if name in run.curves]
    if all(len(curve.values) < 2 for curve in drawn):
        return Card(reading.title, reading.sentence, None, _last(run, reading), _only_round(drawn))
    series = [
        line
        for colour, (name, label) in enumerate(reading.fields)
        if name in run.curves
        for line in _lines(run, reading, name, label, colour, window)
    ]
    chart = Chart(series, title=reading.title, log_y=reading.log and _spans_decades(series))
    notes = []
    if left_out := chart.outside():
        values = np.concatenate([line.y[np.isfinite(line.y)] for line in series])
        extent = f"the full range is {number(float(values.min()))} to {number(float(values.max()))}"
        notes.append(f"{_values(left_out, 'lies', 'lie')} outside the frame; {extent}.")
    lost = np.concatenate([curve.rounds[~np.isfinite(curve.values)] for curve in drawn])
    if lost.size:
        notes.append(f"{_values(lost.size, 'is', 'are')} not finite, the first at round {int(lost.min()):,}.")
    return Card(reading.title, reading.sentence, Markup(chart.svg()), _last(run, reading), tuple(notes))


def _only_round(drawn: Sequence[Curve]) -> tuple[str, ...]:
    rounds = {int(round_) for curve in drawn for round_ in curve.rounds}
    return (f"Round {min(rounds):,}, the only one so far.",) if len(rounds) == 1 else ()


def _lines(run: RunContents, reading: Reading, name: str, label: str, colour: int, window: int) -> list[Series]:
    """The raw values and, if there are enough of them, their running median over them."""
    curve = run.curves[name]
    window = min(window, len(curve.values) // 20 * 2 + 1)
    smooth = running_median(curve.values, window) if window >= 5 else curve.values
    band = None
    if name == reading.fields[0][0] and (deviation := run.curves.get(reading.spread)):
        width = _at(deviation, curve.rounds)
        width = running_median(width, window) if window >= 5 else width
        band = (smooth - width, smooth + width)
    line = Series(label, curve.rounds, smooth, band=band, colour=colour)
    if _as_one(curve.values, smooth):
        return [line]
    return [Series(label, curve.rounds, curve.values, faint=True, colour=colour), line]


def _at(curve: Curve, rounds: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The curve's values at the given rounds, NaN at rounds it lacks."""
    if not curve.rounds.size:
        return np.full(rounds.shape, np.nan)
    index = np.searchsorted(curve.rounds, rounds).clip(0, len(curve.rounds) - 1)
    return np.where(curve.rounds[index] == rounds, curve.values[index], np.nan)


def _as_one(values: np.ndarray[Any, Any], smooth: np.ndarray[Any, Any]) -> bool:
    """True if a line and its median would coincide in the drawing."""
    both = np.isfinite(values)
    if not both.any():
        return True
    return bool(np.abs(values[both] - smooth[both]).max() <= 0.005 * np.ptp(values[both]))


def _spans_decades(series: list[Series]) -> bool:
    values = np.concatenate([line.y[np.isfinite(line.y)] for line in series])
    return bool(values.size and values.min() > 0 and values.max() > 30 * values.min())


def _constant(run: RunContents, reading: Reading) -> bool:
    """True if all lines of the chart are level: the page lists them as text instead."""
    curves = [run.curves[name] for name, _ in reading.fields if name in run.curves]
    return all(len(c.values) > 1 and np.isfinite(c.values[0]) and np.ptp(c.values) == 0 for c in curves)


def _values(number_of: int, one: str, many: str) -> str:
    return f"1 value {one}" if number_of == 1 else f"{number_of:,} values {many}"


def _last(run: RunContents, reading: Reading) -> str:
    """The last finite values of a chart's lines."""
    return ", ".join(f"{label} {_last_of(run.curves[name])}" for name, label in reading.fields if name in run.curves)


def _last_of(curve: Curve) -> str:
    finite = curve.values[np.isfinite(curve.values)]
    if not finite.size:
        return "never finite"
    counts = np.array_equal(finite, np.rint(finite)) and np.abs(finite).max() < 1e9
    return f"{int(finite[-1]):,}" if counts else number(float(finite[-1]))


def _status(run: RunContents, end: RunEnd | None) -> tuple[str, str]:
    """(CSS class, sentence) of the run's state; the class is good, open or bad."""
    rounds = end.rounds if end else run.rounds
    reached = f"round {end.round if end else run.round:,}" + (f" of {rounds:,}" if rounds else "")
    if end.reason == "finished" if end else rounds and run.round >= rounds:
        return "good", f"finished, {reached}"
    if end and end.reason != "interrupted":
        return "bad", f"stopped at {reached}: {end.reason}"
    word = "interrupted" if end else "not finished"
    kept = f"; last checkpoint at round {run.checkpoints[-1]:,}" if run.checkpoints else ""
    return "open", f"{word}, {reached}{kept}"


def _tiles(run: RunContents) -> list[tuple[str, str]]:
    """(name, value) of the numbers at the head of the page that were logged."""
    known = [
        ("Wasserstein estimate", "wasserstein_train" if "wasserstein_train" in run.curves else "wasserstein", number),
        ("Score gap", "score_gap_train" if "score_gap_train" in run.curves else "score_gap", number),
        ("on held-out data", "wasserstein_held_out", number),
        ("on held-out data", "score_gap_held_out", number),
        ("samples seen", "samples", count),
        ("samples/s", "samples_per_second", count),
        ("trained for", "seconds", duration),
    ]
    return [(title, text(float(run.curves[name].values[-1]))) for title, name, text in known if name in run.curves]


def _source(settings: Mapping[str, Any]) -> str:
    data = settings.get("data")
    source = data.get("source") if isinstance(data, Mapping) else data
    return str(source or "")
