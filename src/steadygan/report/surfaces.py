"""Value surface of a critic on 2-D points, with real and generated points (WGAN-GP, Fig. 1a)."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from steadygan.errors import UsageError

Points = NDArray[np.float32]

CELLS = 128
"""grid points per side at which the critic is evaluated"""
REACH = 3.0
"""half the side of the square that is shown, as in the paper; more if real points lie outside"""
POINTS = 1000
"""most points of each kind that are drawn: more would hide the surface"""


def decision_surface(
    generated: Points,
    real: Points | None = None,
    score: Callable[[Points], Points] | None = None,
    title: str = "",
) -> Image.Image:
    """A picture of generated points (green), real points (orange) and the critic's score (filled contours).

    generated, real: float32 [N, 2] and [M, 2]; score: points [K, 2] -> scores [K].
    Pictures of one data set share the frame and the size, so that they can be compared.
    """
    if generated.ndim != 2 or generated.shape[1] != 2:
        raise UsageError(f"a surface needs points [N, 2], got {list(generated.shape)}")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # a Figure of its own, not pyplot: no global state, no window system, nothing to close
    figure = Figure(figsize=(6.0, 5.2), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.08, 0.07, 0.75, 0.865))  # fixed, or the frame would jump from round to round
    reach = _reach(generated if real is None else real)
    if score is not None:
        line, values = surface_values(score, reach)
        shown = np.ma.masked_invalid(values)
        if shown.count() and shown.min() < shown.max():
            filled = axes.contourf(line, line, shown, levels=20, cmap="PuBu_r", alpha=0.75)
            axes.contour(line, line, shown, levels=filled.levels, colors="white", linewidths=0.4, linestyles="solid")
            scale = figure.add_axes((0.86, 0.07, 0.03, 0.8))
            scale.set_title("critic\nscore", fontsize=9)
            figure.colorbar(filled, cax=scale)
    # real points are larger, so that they are still seen below generated ones that hit them
    for points, size, colour, name in ((real, 20, "#f58518", "real"), (generated, 5, "#13812f", "generated")):
        if points is not None:
            x, y = points[:POINTS].T
            axes.scatter(x, y, s=size, color=colour, linewidths=0, label=name, zorder=3)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", title=title)
    axes.legend(loc="upper right", framealpha=0.9, markerscale=1.5)

    page = io.BytesIO()
    canvas.print_png(page)
    return Image.open(page).convert("RGB")


def points_by_class(points: Points, names: Sequence[str]) -> Image.Image:
    """A picture of points [classes, N, 2], each class in a colour of its own, in the frame of ``decision_surface``."""
    if points.ndim != 3 or points.shape[2] != 2 or len(points) != len(names):
        raise UsageError(f"a picture of classes needs points [classes, N, 2] and names, got {list(points.shape)}")
    from matplotlib import colormaps
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 5.2), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.08, 0.07, 0.75, 0.865))
    reach = _reach(points)
    for index, (group, name) in enumerate(zip(points, names, strict=True)):
        colour = colormaps["tab20"](index % 20)
        x, y = group[:POINTS].T
        axes.scatter(x, y, s=8, color=colour, linewidths=0, label=name)
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", title="generated, by class")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), markerscale=2, fontsize=8)
    page = io.BytesIO()
    canvas.print_png(page)
    return Image.open(page).convert("RGB")


def pairs_of_points(points: NDArray[np.floating[Any]], made: NDArray[np.floating[Any]]) -> Image.Image:
    """A picture of given points (orange) and those that a generator came to (green), each pair joined by a line.

    points, made: [N, 2].
    """
    if points.ndim != 2 or points.shape[1] != 2 or points.shape != made.shape:
        raise UsageError(f"a picture of pairs needs points [N, 2] twice, got {list(points.shape)}, {list(made.shape)}")
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.0, 5.2), dpi=100)
    canvas = FigureCanvasAgg(figure)
    axes = figure.add_axes((0.08, 0.07, 0.75, 0.865))
    shown, reached = points[:POINTS], made[:POINTS]
    axes.plot(*np.stack([shown, reached], 1).transpose(2, 1, 0), color="grey", linewidth=0.6)
    axes.scatter(shown[:, 0], shown[:, 1], s=20, color="#f58518", linewidths=0, label="given", zorder=2)
    axes.scatter(reached[:, 0], reached[:, 1], s=5, color="#13812f", linewidths=0, label="found", zorder=3)
    reach = _reach(np.concatenate([shown, reached]).astype(np.float32))
    axes.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", title="given points, and the nearest found")
    axes.legend(loc="upper right", framealpha=0.9, markerscale=1.5)
    page = io.BytesIO()
    canvas.print_png(page)
    return Image.open(page).convert("RGB")


def surface_values(
    score: Callable[[Points], Points], reach: float = REACH, cells: int = CELLS
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The grid line [cells] and the scores [cells, cells]: ``values[i, j]`` is the score at (line[j], line[i])."""
    line = np.linspace(-reach, reach, cells, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    values = score(np.stack([x.ravel(), y.ravel()], axis=1))
    return line, np.asarray(values, dtype=np.float32).reshape(cells, cells)


def _reach(points: Points) -> float:
    furthest = float(np.abs(points[np.isfinite(points)]).max(initial=0.0))
    return REACH if furthest <= REACH else 1.1 * furthest
