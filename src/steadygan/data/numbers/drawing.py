"""Pictures of numbers: line plots of signals, middle slices of volumes, three bands of many, histograms of columns."""

from __future__ import annotations

import io
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL import Image

    from steadygan.data.units import Units

Array = NDArray[Any]

MOST_SIGNALS = 32
"""signals that are drawn"""
MOST_CHANNELS = 12
"""channels of a signal that are drawn, each in a strip of its own"""
MOST_COLUMNS = 12
"""columns of a table that are drawn"""
_TILE, _STRIP, _GAP, _ACROSS = 220, 56, 8, 4
_COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf")


def signal_picture(samples: Array) -> Image.Image:
    """A grid of line plots of signals [N, C, T] in [-1, 1]: a tile a signal, a strip in it for each channel."""
    from PIL import Image, ImageDraw

    shown = np.nan_to_num(samples[:MOST_SIGNALS, :MOST_CHANNELS].astype(np.float64), posinf=1.0, neginf=-1.0)
    count, channels, length = shown.shape
    strip = _STRIP if channels <= 3 else 28
    across, height = min(_ACROSS, count), channels * strip
    down = math.ceil(count / across)
    size = (across * (_TILE + _GAP) + _GAP, down * (height + _GAP) + _GAP)
    canvas = Image.new("RGB", size, "#dddddd")
    pen = ImageDraw.Draw(canvas)
    places = np.linspace(1, _TILE - 2, length)
    for index, signal in enumerate(shown):
        left = _GAP + index % across * (_TILE + _GAP)
        top = _GAP + index // across * (height + _GAP)
        pen.rectangle((left, top, left + _TILE - 1, top + height - 1), fill="white")
        for channel, values in enumerate(signal):
            middle = top + channel * strip + strip / 2
            pen.line((left, middle, left + _TILE - 1, middle), fill="#eeeeee")
            rows = middle - values.clip(-1.05, 1.05) * (strip / 2 - 2)
            line = np.column_stack([left + places, rows])
            pen.line([tuple(point) for point in line.tolist()], fill=_COLOURS[channel % len(_COLOURS)], width=1)
    return canvas


def as_pictures(samples: Array) -> NDArray[np.uint8]:
    """The middle slices of volumes [N, C, D, H, W], or bands of images [N, B, H, W], as uint8 [N, 1 or 3, H, W].

    Three channels or more: the first three as red, green and blue; fewer: the first as grey. Numbers are in [-1, 1].
    """
    maps = samples[:, :, samples.shape[2] // 2] if samples.ndim == 5 else samples
    chosen = maps[:, :3] if maps.shape[1] >= 3 else maps[:, :1]
    levels = np.rint((np.nan_to_num(chosen.astype(np.float64)) + 1) * 127.5)
    return levels.clip(0, 255).astype(np.uint8)


def column_histograms(generated: Array | None, real: Array | None, units: Units | None, title: str = "") -> Image.Image:
    """Histograms of the first columns of a table, generated [N, D] beside real [M, D], in the units of the data.

    Args:
        generated: rows as networks make them; None: only real ones are drawn
        real: rows of the data set
        units: the way back to the data's own; None: numbers are drawn as they are
        title: above the picture
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image

    sides = [
        (label, colour, units.restored(rows) if units is not None else rows)
        for label, colour, rows in (("real", "#f58518", real), ("generated", "#13812f", generated))
        if rows is not None
    ]
    width = sides[0][2].shape[1]
    shown = min(width, MOST_COLUMNS)
    across = min(3, shown)
    figure = Figure(figsize=(3.2 * across, 2.3 * math.ceil(shown / across) + 0.4), dpi=90, layout="constrained")
    canvas = FigureCanvasAgg(figure)
    grid = figure.subplots(math.ceil(shown / across), across, squeeze=False)
    for column, axes in enumerate(grid.flat):
        if column >= shown:
            axes.set_visible(False)
            continue
        values = [rows[:, column].astype(np.float64) for _, _, rows in sides]
        bins = _bins(values)
        for (label, colour, _), each in zip(sides, values, strict=True):
            inside = each[(each >= bins[0]) & (each <= bins[-1])]
            axes.hist(inside, bins=bins, density=len(inside) > 0, color=colour, alpha=0.55, label=label)
        axes.set_title(units.names[column][:28] if units is not None and units.names else f"column {column}")
        axes.title.set_fontsize(9)
        axes.title.set_parse_math(False)
        axes.tick_params(labelsize=7)
        axes.set_yticks([])
    grid.flat[0].legend(fontsize=7)
    more = f" (the first {shown} of {width} columns)" if width > shown else ""
    if title or more:
        figure.suptitle(f"{title}{more}", fontsize=10)
    page = io.BytesIO()
    canvas.print_png(page)
    return Image.open(page).convert("RGB")


def _bins(values: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Edges over the range of the first side and the middle of the others."""
    finite = [each[np.isfinite(each)] for each in values]
    low, high = (float(finite[0].min()), float(finite[0].max())) if len(finite[0]) else (0.0, 1.0)
    margin = 0.1 * (high - low) or max(1.0, abs(high)) * 0.1
    return np.linspace(low - margin, high + margin, 41)
