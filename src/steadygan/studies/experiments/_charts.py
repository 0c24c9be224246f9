"""What figures of several experiments share: colours, axes and curves over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = ("#4c78a8", "#f58518", "#54a24b", "#e45756", "#72b7b2", "#b279a2", "#9d755d", "#eeca3b")


def figure(rows: int, columns: int, width: float, height: float, **options: Any) -> tuple[Figure, list[Axes]]:
    """A figure of its own (no pyplot) with its axes, row by row; ``width`` and ``height`` in inches."""
    from matplotlib.figure import Figure as New

    made = New(figsize=(width, height), dpi=110, layout="constrained")
    axes = made.subplots(rows, columns, squeeze=False, **options)
    return made, list(axes.ravel())


def curves(axes: Axes, x: ArrayLike, seeds: Sequence[ArrayLike], label: str, colour: str, **options: Any) -> None:
    """A line for the mean over seeds, and a thin one for each seed; those shorter than the first are left out."""
    rows = [np.asarray(values, dtype=float) for values in seeds]
    rows = [row for row in rows if len(row) == len(np.asarray(x))]
    if not rows:
        return
    for row in rows if len(rows) > 1 else ():
        axes.plot(x, row, color=colour, linewidth=0.6, alpha=0.4)
    axes.plot(x, np.mean(rows, axis=0), color=colour, linewidth=1.8, label=label, **options)


def dots(axes: Axes, groups: Sequence[tuple[str, Sequence[float]]], colours: Sequence[str] = COLOURS) -> None:
    """One column of dots a group, one dot a seed, with a bar at the mean."""
    for place, (_, values) in enumerate(groups):
        shown = [value for value in values if np.isfinite(value)]
        if shown:
            colour = colours[place % len(colours)]
            axes.plot([place] * len(shown), shown, "o", color=colour, markersize=5, alpha=0.7)
            axes.plot([place - 0.3, place + 0.3], [float(np.mean(shown))] * 2, color=colour, linewidth=2)
    axes.set_xticks(range(len(groups)), [name for name, _ in groups])
    axes.set_xlim(-0.6, len(groups) - 0.4)
    axes.grid(axis="y", alpha=0.3)


def from_zero(axes: Axes) -> None:
    """The vertical axis from 0, or below where there are values below, with room above the highest."""
    low, high = axes.get_ylim()
    low = min(0.0, low)
    axes.set_ylim(low, high + 0.06 * (high - low))
