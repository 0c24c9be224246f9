"""Charts of records that grow, in the order, with the titles and sentences of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from steadygan.report.captions import Reading
from steadygan.report.curves import Chart, Series
from steadygan.report.page import WINDOW, Card
from steadygan.report.readings import readings_for
from steadygan.report.thinning import running_median
from steadygan.system.words import number
from steadygan.ui.thinned import Points

SIZE, SMALL, WIDE = (420, 220), (320, 170), (560, 260)
"""width and height of charts: on the page of a run, in a card, and of several runs; about as large as they are shown"""


def cards(points: Mapping[str, Points], recipe: Mapping[str, Any], judge: str | None) -> list[Card]:
    """The charts of a run; lines that are level are left out, as ``constants`` has them."""
    readings = readings_for(points, recipe, judge)
    return [_card(points, reading) for reading in readings if not _constant(points, reading)]


def constants(points: Mapping[str, Points], recipe: Mapping[str, Any], judge: str | None) -> list[str]:
    """The charts whose lines are all level, as texts."""
    readings = readings_for(points, recipe, judge)
    return [f"{each.title}: {_last(points, each)}" for each in readings if _constant(points, each)]


def main_card(points: Mapping[str, Points], recipe: Mapping[str, Any], judge: str | None) -> Card | None:
    """The first chart: of the samples' quality if that is measured."""
    readings = [each for each in readings_for(points, recipe, judge) if not _constant(points, each)]
    drawn = [
        each for each in readings if any(len(points[name].rounds) > 1 for name, _ in each.fields if name in points)
    ]
    chosen = (drawn or readings)[:1]
    return _card(points, chosen[0], SMALL) if chosen else None


def _present(points: Mapping[str, Points], reading: Reading) -> list[tuple[str, str]]:
    return [(name, label) for name, label in reading.fields if name in points]


def together(named: Sequence[tuple[str, Mapping[str, Points]]], field: str, title: str) -> Markup | None:
    """One field of several runs in one chart; None if fewer than two have points of it."""
    series = [
        Series(name, points[field].rounds, _smooth(points[field].means), colour=index)
        for index, (name, points) in enumerate(named)
        if field in points and np.isfinite(points[field].means).sum() > 1
    ]
    if len(series) < 2:
        return None
    return Markup(Chart(series, title=title, width=WIDE[0], height=WIDE[1]).svg())


def _card(points: Mapping[str, Points], reading: Reading, size: tuple[int, int] = SIZE) -> Card:
    drawn = [points[name] for name, _ in reading.fields if name in points]
    last = _last(points, reading)
    if all(len(each.rounds) < 2 for each in drawn):
        return Card(reading.title, reading.sentence, None, last)
    series = [
        line
        for colour, (name, label) in enumerate(reading.fields)
        if name in points
        for line in _lines(points, reading, name, label, colour)
    ]
    log = reading.log and _spans_decades(drawn)
    chart = Chart(series, title=reading.title, log_y=log, width=size[0], height=size[1])
    notes = []
    if chart.outside():
        low, high = min(np.nanmin(each.lows) for each in drawn), max(np.nanmax(each.highs) for each in drawn)
        notes.append(f"Values lie outside the frame; the full range is {number(float(low))} to {number(float(high))}.")
    if lost := sum(each.lost for each in drawn):
        first = min(each.first_lost for each in drawn if each.first_lost is not None)
        values = "1 value is" if lost == 1 else f"{lost:,} values are"
        notes.append(f"{values} not finite, the first at round {first:,}.")
    return Card(reading.title, reading.sentence, Markup(chart.svg()), last, tuple(notes))


def _lines(points: Mapping[str, Points], reading: Reading, name: str, label: str, colour: int) -> list[Series]:
    """The means, over the lowest and highest values that they stand for, and a running median over noisy ones."""
    each = points[name]
    smooth = _smooth(each.means)
    band = (each.lows, each.highs) if each.merged else None
    spread = points.get(reading.spread) if name == reading.fields[0][0] else None
    if spread is not None and np.array_equal(spread.rounds, each.rounds):
        width = _smooth(spread.means)
        band = (smooth - width, smooth + width)
    line = Series(label, each.rounds, smooth, band=band, colour=colour)
    both = np.isfinite(each.means)
    moved = np.abs(each.means[both] - smooth[both]).max(initial=0.0)
    if not both.any() or moved <= 0.005 * np.ptp(each.means[both]) or each.merged:
        return [line]
    return [Series(label, each.rounds, each.means, faint=True, colour=colour), line]


def _smooth(values: np.ndarray[Any, np.dtype[np.float64]]) -> np.ndarray[Any, np.dtype[np.float64]]:
    window = min(WINDOW, len(values) // 20 * 2 + 1)
    return running_median(values, window) if window >= 5 else values


def _spans_decades(drawn: Sequence[Points]) -> bool:
    lows = np.concatenate([each.lows[np.isfinite(each.lows)] for each in drawn])
    highs = np.concatenate([each.highs[np.isfinite(each.highs)] for each in drawn])
    return bool(lows.size and lows.min() > 0 and highs.max() > 30 * lows.min())


def _constant(points: Mapping[str, Points], reading: Reading) -> bool:
    return all(
        len(each.rounds) > 1 and not each.lost and np.nanmin(each.lows) == np.nanmax(each.highs)
        for name, _ in reading.fields
        if (each := points.get(name)) is not None
    )


def _last(points: Mapping[str, Points], reading: Reading) -> str:
    return ", ".join(f"{label} {_value(points[name].last)}" for name, label in reading.fields if name in points)


def _value(value: float) -> str:
    if not np.isfinite(value):
        return "never finite"
    return f"{int(value):,}" if value == round(value) and abs(value) < 1e9 else number(value)
