"""What figures of studies share: tiles of samples, and legends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GREY = "#59636e"
"""of lines that are no curve"""


def tiles(axes: Axes, samples: Any, columns: int | None = None) -> None:
    """Samples uint8 [N, C, H, W] as tiles, in axes without ticks; without ``columns`` the largest square of them."""
    from steadygan.report.pictures import image_grid

    images = np.asarray(samples, dtype=np.uint8)
    if columns is None:
        columns = math.isqrt(len(images))
        images = images[: columns * columns]
    grid = image_grid(images, columns=columns)
    axes.imshow(np.asarray(grid), cmap="gray", vmin=0, vmax=255)
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)


def legend(axes: Axes) -> None:
    """A legend of what has a label, if anything has."""
    if axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8)
