"""Figures of lessons: distances by setting, a dot a seed; samples by setting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.studies.results import Results
from steadygan.studies.study import Plot
from steadygan.studies.trial import Setting

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2", "#b279a2", "#9d755d", "#eeca3b")
_SIDE = 5
"""pictures on a side of a sheet"""
_GREY = 90
_SHARES = ("modes", "confidence")
"""values from 0 to 1"""


def panels(rows: int, columns: int, width: float = 3.4, height: float = 3.0, **options: Any) -> tuple[Any, Any]:
    """A figure of its own, without pyplot, with axes [rows, columns]; sizes of one panel in inches."""
    from matplotlib.figure import Figure

    made = Figure(figsize=(width * columns, height * rows), dpi=100, layout="constrained")
    return made, made.subplots(rows, columns, squeeze=False, **options)


def dots(
    results: Results,
    x: str,
    *,
    hue: str | None = None,
    panel: str = "case",
    value: str = "distance",
    caption: str,
    name: str = "distance",
    log: bool = True,
) -> list[Plot]:
    """A panel for each value of one setting: a measured value by another one, a dot a seed, a bar at the mean.

    On a logarithmic axis the mean is a geometric one. Without results there is no figure.
    """
    held = Results(tuple(row for row in results if value in row.values))
    cases = held.settings(panel)
    if not cases:
        return []
    hues = 1 if hue is None else len(held.settings(hue))
    width = max(3.2, (0.62 if hues == 1 else 0.28 * hues) * len(held.settings(x)) + 0.8)
    figure, axes = panels(1, len(cases), width)
    for at, case in zip(axes[0], cases, strict=True):
        _dots(at, held.where(**{panel: case}), x, hue, value, log)
        at.set_title(str(case), fontsize=10)
    axes[0, 0].set_ylabel(value.replace("_", " "))
    if hue is not None:
        handles = {
            label: handle for at in axes[0] for handle, label in zip(*at.get_legend_handles_labels(), strict=True)
        }
        figure.legend(
            handles.values(), handles, title=hue, fontsize=8, title_fontsize=8, loc="outside right upper", frameon=False
        )
    return [Plot(name, caption, figure)]


def _dots(axes: Axes, results: Results, x: str, hue: str | None, value: str, log: bool) -> None:
    places, hues = results.settings(x), [None] if hue is None else results.settings(hue)
    step = 0.8 / len(hues)
    for index, tint in enumerate(hues):
        colour = COLOURS[index % len(COLOURS)]
        some = results if hue is None or tint is None else results.where(**{hue: tint})
        for place, setting in enumerate(places):
            numbers = np.asarray(some.values(value, **{x: setting}), dtype=float)
            numbers = numbers[np.isfinite(numbers) & ((numbers > 0) | (not log))]
            if not len(numbers):
                continue
            at = place + (index - (len(hues) - 1) / 2) * step
            label = None if tint is None or axes.get_legend_handles_labels()[1].count(str(tint)) else str(tint)
            axes.plot([at] * len(numbers), numbers, "o", color=colour, markersize=4, alpha=0.7, label=label)
            middle = float(np.exp(np.log(numbers).mean()) if log else numbers.mean())
            axes.plot([at - 0.35 * step, at + 0.35 * step], [middle] * 2, color=colour, linewidth=2)
    words = [_word(setting) for setting in places]
    slanted = sum(map(len, words)) > 9 * len(words) or max(map(len, words)) > 14
    axes.set_xticks(
        range(len(places)), words, fontsize=8, rotation=30 if slanted else 0, ha="right" if slanted else "center"
    )
    axes.set_xlim(-0.6, len(places) - 0.4)
    axes.set_xlabel(x)
    if log:
        on_log_scale(axes)
    elif value in _SHARES:
        axes.set_ylim(-0.04, 1.04)
    axes.grid(axis="y", which="both", alpha=0.25)


def on_log_scale(axes: Axes) -> None:
    """Puts the values on a logarithmic scale, with plain numbers at 1, 2 and 5 times powers of ten."""
    from matplotlib.ticker import FuncFormatter

    def label(value: float, _: int | None = None) -> str:
        return f"{value:g}" if f"{value:e}"[0] in "125" and value > 0 else ""

    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.yaxis.set_major_formatter(FuncFormatter(label))
    axes.yaxis.set_minor_formatter(FuncFormatter(label if high < 100 * low else lambda value, _: ""))
    axes.tick_params(axis="y", which="both", labelsize=8)


def _word(setting: Setting) -> str:
    return f"{setting:g}" if isinstance(setting, float) else str(setting)


def sheets(results: Results, x: str, *, panel: str = "case", caption: str = "", name: str = "samples") -> list[Plot]:
    """Samples of the first seed: a row for each value of one setting, a column for each of another."""
    held = Results(tuple(row for row in results if "samples" in row.values))
    rows, columns = held.settings(panel), held.settings(x)
    if not rows or not columns:
        return []
    figure, axes = panels(len(rows), len(columns), 1.7, 1.9)
    for index, (line, case) in enumerate(zip(axes, rows, strict=True)):
        for at, setting in zip(line, columns, strict=True):
            at.set_xticks([])
            at.set_yticks([])
            found = held.where(**{panel: case, x: setting}).rows
            if found:
                _draw(at, np.asarray(min(found, key=lambda row: row.seed).values["samples"]))
            if not index:
                at.set_title(_word(setting), fontsize=8)
        line[0].set_ylabel(str(case), fontsize=9)
    return [Plot(name, caption or "Samples of the first seed.", figure)]


def _draw(axes: Axes, samples: np.ndarray[Any, Any]) -> None:
    if samples.ndim == 2:
        axes.plot(*samples.T, ".", markersize=1.5, color=COLOURS[0])
        axes.set_xlim(-2.4, 2.4)
        axes.set_ylim(-2.4, 2.4)
        return
    axes.imshow(tiled(samples[: _SIDE**2], _SIDE), cmap="gray", vmin=0, vmax=255, interpolation="nearest")


def tiled(pictures: np.ndarray[Any, Any], columns: int, gap: int = 1) -> np.ndarray[Any, Any]:
    """Pictures uint8 [N, C, H, W] in rows of so many, [rows (H + gap), columns (W + gap)] or that with 3 channels.

    Each has a grey edge of ``gap`` pixels below and to the right; places without a picture are black.
    """
    count, channels, height, width = pictures.shape
    lines = -(-count // columns)
    filled = np.zeros((lines * columns, channels, height + gap, width + gap), np.uint8)
    filled[..., height:, :] = filled[..., width:] = _GREY
    filled[:count, :, :height, :width] = pictures
    sheet = filled.reshape(lines, columns, channels, height + gap, width + gap).transpose(0, 3, 1, 4, 2)
    sheet = sheet.reshape(lines * (height + gap), columns * (width + gap), channels)
    return sheet[..., 0] if channels == 1 else sheet[..., :3]
