"""A picture of a data set: a contact sheet of images, or a scatter plot of points."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from steadygan.data.dataset import Dataset
from steadygan.data.numbers import drawing
from steadygan.data.sheet_mark import MARK
from steadygan.errors import RunError, UsageError
from steadygan.rng import fixed_generator

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo

_MOST = 64
_POINTS = 2_000
_CELL = 64  # small pictures are enlarged by whole factors to about this
_GAP = 2


def contact_sheet(dataset: Dataset, path: str | os.PathLike[str]) -> None:
    """Write a PNG of up to 64 training images, evenly spaced over the set, or of 2,000 points.

    Of signals line plots, of volumes middle slices, of many bands the first three, of tables histograms.

    Raises:
        UsageError: for text.
    """
    if dataset.sample.is_text:
        raise UsageError(f"'{dataset.name}' is text, which has no contact sheet; its audit has examples")
    samples = _chosen(dataset, _POINTS if dataset.sample.is_points else _MOST)
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        if dataset.sample.is_picture:
            _save_images(samples, Path(path))
        elif dataset.sample.is_signal:
            drawing.signal_picture(samples).save(path, "PNG", pnginfo=_mark())
        elif dataset.sample.is_grid:
            _save_images(drawing.as_pictures(samples), Path(path))
        elif dataset.sample.shape != (2,) or dataset.units is not None:
            drawing.column_histograms(None, samples, dataset.units, dataset.name).save(path, "PNG", pnginfo=_mark())
        else:
            _save_points(samples, Path(path), dataset.name)
    except OSError as error:
        raise RunError(f"cannot write '{path}': {error.strerror or error}") from error


def _chosen(dataset: Dataset, count: int) -> NDArray[np.generic]:
    if dataset.train.endless:
        return dataset.train.draw(fixed_generator(3), count)[0]
    rows = np.linspace(0, len(dataset.train) - 1, min(count, len(dataset.train))).round().astype(np.int64)
    return dataset.train.rows(rows)[0]


def _save_images(images: NDArray[np.generic], path: Path) -> None:
    from PIL import Image

    from steadygan.data.images.decode import MODES

    count, channels, height, width = images.shape
    columns = min(count, math.isqrt(_MOST))
    rows = math.ceil(count / columns)
    factor = max(1, round(_CELL / max(width, height)))
    across, down = width * factor + _GAP, height * factor + _GAP
    sheet = Image.new("RGB", (columns * across + _GAP, rows * down + _GAP), "white")
    for number, image in enumerate(images):
        pixels = image[0] if channels == 1 else np.ascontiguousarray(image.transpose(1, 2, 0))
        tile = Image.fromarray(pixels)
        tile = tile.resize((width * factor, height * factor), Image.Resampling.NEAREST)
        corner = (_GAP + number % columns * across, _GAP + number // columns * down)
        if MODES[channels].endswith("A"):
            tile = tile.convert("RGBA")
            sheet.paste(tile, corner, tile)
        else:
            sheet.paste(tile, corner)
    sheet.save(path, "PNG", pnginfo=_mark())


def _save_points(points: NDArray[np.generic], path: Path, title: str) -> None:
    from matplotlib.figure import Figure  # a figure of its own: pyplot would choose a window system

    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.add_subplot(aspect="equal", title=title)
    axes.scatter(points[:, 0], points[:, 1], s=4, alpha=0.5, linewidths=0)
    figure.savefig(path, format="png", dpi=120, metadata={"Software": MARK})


def _mark() -> PngInfo:
    from PIL.PngImagePlugin import PngInfo

    mark = PngInfo()
    mark.add_text("Software", MARK)
    return mark
