"""Curves as inline SVG: several series with a legend, bands, log axes; a few kilobytes each, no script.

The drawing carries its colours, so that it can stand alone; a page may override them by class
(``series-1`` … ``series-8``, ``grid``, ``frame``, ``text``) to follow its light or dark scheme.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from steadygan.report.axes import Axis
from steadygan.report.thinning import thin, visible_range
from steadygan.system.words import number

Values = NDArray[np.float64]

COLOURS = ("#2563c9", "#d9690b", "#178a4c", "#8a4fd3", "#c93043", "#0e8a99", "#b8479b", "#7a6a3f")
"""distinguishable with colour blindness; further series repeat them, dashed"""
BINS = 240
"""intervals of the x axis in which the lowest and the highest point are drawn"""
LETTER = 7.0
"""approximate width of a letter of the legend, in pixels of the drawing"""


@dataclass(frozen=True)
class Series:
    """One line: ``y`` [N] over ``x`` [N], ascending; values that are not finite leave gaps."""

    name: str
    x: Values
    y: Values
    band: tuple[Values, Values] | None = None
    """lower and upper edge [N] of a pale band, such as mean -/+ one standard deviation"""
    faint: bool = False
    """drawn pale, without an entry in the legend: the raw values behind a smoothed line"""
    colour: int | None = None
    """index into COLOURS; None counts the lines that are not faint"""


@dataclass(frozen=True)
class Chart:
    """A chart of several series; ``svg()`` draws it."""

    series: Sequence[Series]
    title: str
    x_label: str = "round"
    y_label: str = ""
    log_x: bool = False
    log_y: bool = False
    marks: tuple[float, ...] = ()
    """y values with a dashed line across, such as a target"""
    width: int = 520
    height: int = 250

    def svg(self) -> str:
        """The chart as one ``<svg>`` element; without a finite value it says so."""
        legend, top = self._legend()
        axes = self._axes(top)
        if axes is None:
            body = (
                f'<text class="text" x="{self.width / 2}" y="{self.height / 2}" text-anchor="middle" '
                'fill="#59636e">no finite value</text>'
            )
            return self._wrap(legend + body, "")
        x_axis, y_axis = axes
        left, right, bottom = x_axis.start, x_axis.end, y_axis.start
        grid = self._grid(x_axis, y_axis)
        # an inner <svg> clips at the frame, and needs no id that a page would have to keep unique
        frame = f'x="{left}" y="{top}" width="{right - left}" height="{bottom - top}"'
        view = f'viewBox="{left} {top} {right - left} {bottom - top}"'
        lines = "".join(_draw(series, index, x_axis, y_axis) for index, series in self._coloured())
        data = (
            f' data-x="{x_axis.low!r} {x_axis.high!r} {left} {right} {int(self.log_x)}"'
            f' data-y="{y_axis.low!r} {y_axis.high!r} {bottom} {top} {int(self.log_y)}"'
        )
        return self._wrap(f"{legend}{grid}<svg {frame} {view}>{lines}</svg>", data)

    def outside(self) -> int:
        """How many finite values the frame leaves out (see ``thinning.visible_range``)."""
        axes = self._axes(0.0)
        if axes is None:
            return 0
        values = np.concatenate([series.y for series in self.series])
        values = values[np.isfinite(values)]
        return int(((values < axes[1].low) | (values > axes[1].high)).sum())

    def _coloured(self) -> list[tuple[int, Series]]:
        """The series with the index of their colours; a faint one has that of the next named one."""
        coloured, position = [], 0
        for series in self.series:
            coloured.append((position if series.colour is None else series.colour, series))
            position += not series.faint
        return coloured

    def _axes(self, top: float) -> tuple[Axis, Axis] | None:
        """Both axes around the values to show; None if there are none."""
        xs = np.concatenate([series.x for series in self.series] or [np.empty(0)])
        ys = np.concatenate([series.y for series in self.series] or [np.empty(0)])
        xs = xs[np.isfinite(xs) & (xs > 0 if self.log_x else True)]
        span = visible_range(ys[ys > 0] if self.log_y else ys)
        if span is None or not xs.size:
            return None
        edges = [edge for series in self.series for edge in series.band or ()]
        band = visible_range(np.concatenate(edges)) if edges and not self.log_y else None
        values = (*span, *(band or ()), *self.marks)
        x_low, x_high = float(xs.min()), float(xs.max())
        x_axis = Axis(x_low, x_high if x_high > x_low else x_low + 1, 52.0, self.width - 18.0, self.log_x)
        return x_axis, Axis.around(min(values), max(values), self.height - 36.0, top, self.log_y)

    def _legend(self) -> tuple[str, float]:
        """The legend, in as many lines as it needs, and the top of the frame below it."""
        named = [(index, series) for index, series in self._coloured() if not series.faint]
        if len(named) < 2 and not any(series.band for _, series in named):
            return "", 12.0
        parts, x, y = [], 52.0, 14.0
        for index, series in named:
            width = 40 + LETTER * len(series.name)
            if x > 52 and x + width > self.width:
                x, y = 52.0, y + 17
            parts.append(
                f'<path {_stroke(index, 2.5)} d="M{x:.0f} {y - 4:.0f}h16"/>'
                f'<text class="text" x="{x + 21:.0f}" y="{y:.0f}" fill="#59636e">{escape(series.name)}</text>'
            )
            x += width
        return "".join(parts), y + 10

    def _grid(self, x_axis: Axis, y_axis: Axis) -> str:
        left, right, bottom, top = x_axis.start, x_axis.end, y_axis.start, y_axis.end
        parts = []
        for (_, label), y in _placed(y_axis):
            parts.append(f'<path class="grid" stroke="#e3e6ea" d="M{left:g} {y:.1f}H{right:g}"/>')
            parts.append(_text(label, left - 6, y + 4, "end"))
        for (_, label), x in _placed(x_axis):
            parts.append(f'<path class="frame" stroke="#9aa4af" d="M{x:.1f} {bottom:g}v4"/>')
            parts.append(_text(label, x, bottom + 17, "middle"))
        parts.extend(
            f'<path class="frame" stroke="#9aa4af" stroke-dasharray="5 4" d="M{left:g} {y:.1f}H{right:g}"/>'
            for y in y_axis.place(np.asarray(self.marks))
        )
        parts.append(f'<path class="frame" stroke="#9aa4af" fill="none" d="M{left:g} {bottom:g}H{right:g}"/>')
        parts.append(_text(self.x_label, right, self.height - 4, "end"))
        if self.y_label:
            turned = f'transform="rotate(-90 12 {(top + bottom) / 2:g})"'
            parts.append(_text(self.y_label, 12, (top + bottom) / 2, "middle", turned))
        return "".join(parts)

    def _wrap(self, body: str, data: str) -> str:
        label = escape(f"{self.title}. {self._in_words()}")
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-label="{label}" '
            f'viewBox="0 0 {self.width} {self.height}" '
            f'font-family="system-ui, sans-serif" font-size="12"{data}>{body}</svg>'
        )

    def _in_words(self) -> str:
        """The chart in words, for screen readers."""
        sentences = []
        for series in self.series:
            finite = series.y[np.isfinite(series.y)]
            if finite.size and not series.faint:
                last, low, high = number(finite[-1]), number(finite.min()), number(finite.max())
                sentences.append(f"{series.name}: last {last}, lowest {low}, highest {high}.")
        return " ".join(sentences) or "No finite value."


def _draw(series: Series, index: int, x_axis: Axis, y_axis: Axis) -> str:
    parts = []
    if series.band is not None:
        parts.append(_band(series, index, x_axis, y_axis))
    x, y = _thin(series.x, series.y, x_axis, BINS)
    path = _path(x, y_axis.place(y))
    if path:
        name = "" if series.faint else f' data-name="{escape(series.name)}"'
        opacity = ' opacity="0.3"' if series.faint else ""
        parts.append(f'<path {_stroke(index, 1.0 if series.faint else 1.8)}{opacity}{name} d="{path}"/>')
    return "".join(parts)


def _band(series: Series, index: int, x_axis: Axis, y_axis: Axis) -> str:
    """The area between both edges, thinned to the widest extent of each interval."""
    assert series.band is not None
    low, high = (np.asarray(edge, dtype=np.float64) for edge in series.band)
    finite = np.isfinite(low) & np.isfinite(high)
    if finite.sum() < 2:
        return ""
    below = _thin(series.x[finite], low[finite], x_axis, BINS // 2)
    above = _thin(series.x[finite], high[finite], x_axis, BINS // 2)
    x = np.concatenate([below[0], above[0][::-1]])
    y = np.concatenate([below[1], above[1][::-1]])
    if y_axis.log:
        y = np.maximum(y, y_axis.low)
    path = _path(x, y_axis.place(y))
    colour = COLOURS[index % len(COLOURS)]
    return f'<path class="band-{index % len(COLOURS) + 1}" fill="{colour}" opacity="0.16" d="{path}Z"/>'


def _thin(x: Values, y: Values, axis: Axis, bins: int) -> tuple[Values, Values]:
    """Pixels along the axis and values, thinned by pixels: intervals of a log axis have equal widths in the drawing."""
    pixels = axis.place(x)
    drawn = np.isfinite(pixels)
    return thin(pixels[drawn], y[drawn], bins)


def _path(x: Values, y: Values) -> str:
    """SVG path data through the points; NaN leaves a gap, and an isolated point becomes a dot."""
    drawn = np.isfinite(x) & np.isfinite(y)
    commands: list[str] = []
    last = ""
    for i in np.flatnonzero(drawn):
        point = f"{x[i]:.1f} {np.clip(y[i], -9999, 9999):.1f}"
        starts = i == 0 or not drawn[i - 1]
        if starts:
            alone = i + 1 == len(x) or not drawn[i + 1]
            commands.append(f"M{point}{'h0' if alone else ''}")
        elif point != last:
            commands.append(f"L{point}")
        last = point
    return "".join(commands)


def _stroke(index: int, width: float) -> str:
    turn, colour = divmod(index, len(COLOURS))
    dashes = f' stroke-dasharray="{3 + 3 * turn} 3"' if turn else ""
    return (
        f'class="series-{colour + 1}" fill="none" stroke="{COLOURS[colour]}" stroke-width="{width:g}" '
        f'stroke-linecap="round" stroke-linejoin="round"{dashes}'
    )


def _placed(axis: Axis) -> list[tuple[tuple[float, str], float]]:
    ticks = axis.ticks()
    return list(zip(ticks, axis.place(np.asarray([value for value, _ in ticks])).tolist(), strict=True))


def _text(text: str, x: float, y: float, anchor: str, more: str = "") -> str:
    return (
        f'<text class="text" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="#59636e" {more}>{escape(text)}</text>'
    )
