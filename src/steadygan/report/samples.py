"""Files of samples: one grid, a folder of pictures, arrays, a table, or lines of text, by the path's ending."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from steadygan.data.dataset import Labels, Samples
from steadygan.data.numbers import drawing
from steadygan.data.text.alphabet import Alphabet
from steadygan.errors import UsageError
from steadygan.report.pictures import GAP, class_grid, image_grid, save_picture
from steadygan.report.sample_files import (
    Blocks,
    folder_of_blocks,
    lines_of_blocks,
    npy_of_blocks,
    npz_of_blocks,
    table_of_blocks,
)

if TYPE_CHECKING:
    from steadygan.data.units import Units

GRIDS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
ARRAYS = (".npz", ".npy")
_MOST_PIXELS = 89_478_485
"""beyond this Pillow warns of a bomb"""


def save_samples(
    samples: Samples,
    path: Path,
    labels: Labels | None = None,
    alphabet: Alphabet | None = None,
    units: Units | None = None,
    class_names: Sequence[str] = (),
) -> Path:
    """Write samples in the form that the path's ending names; returns the path.

    Args:
        samples: uint8 [N, C, H, W] images, float32 [N, D] points, or ids [N, L] of an alphabet's characters; with
            ``units`` signals [N, C, T], volumes [N, C, D, H, W], images of many bands or rows of a table
        path: ``.png`` (or another picture format) for a grid, ``.npz`` or ``.npy`` for arrays, ``.csv`` for tables, no
            ending for a folder of PNGs; for text ``.txt``, one sample a line, or ``.npz``
        labels: [N], kept by ``.npz``, ``.csv`` and folders
        alphabet: of text
        units: of the samples, where they were scaled for training
        class_names: that ``.csv`` has in place of the labels' numbers

    Raises:
        UsageError: for another ending.
    """
    if alphabet is None and is_grid(path):
        return save_grid(samples, path, units=units)
    return save_blocks([(samples, labels)], path, len(samples), alphabet, units, class_names, dimensions=samples.ndim)


def save_blocks(
    blocks: Blocks,
    path: Path,
    count: int,
    alphabet: Alphabet | None = None,
    units: Units | None = None,
    class_names: Sequence[str] = (),
    *,
    dimensions: int,
) -> Path:
    """``save_samples`` of ``count`` samples in blocks, for more of them than memory holds: all forms but a grid.

    Args:
        dimensions: of the samples, N included
    """
    check_form(path, text=alphabet is not None, table=dimensions == 2)
    suffix = "" if path.is_dir() else path.suffix.lower()
    if suffix == ".npz":
        return npz_of_blocks(blocks, path, count, alphabet, units)
    if alphabet is not None:
        return lines_of_blocks(blocks, path, alphabet)
    if suffix == ".npy":
        return npy_of_blocks(blocks, path, count)
    if suffix == ".csv":
        return table_of_blocks(blocks, path, units, class_names)
    return folder_of_blocks(blocks, path)


def check_form(path: Path, *, text: bool, table: bool = False) -> None:
    """Raises UsageError for an ending that names no form of samples."""
    suffix = path.suffix.lower()
    if text:
        if suffix not in (".txt", ".npz"):
            raise UsageError(
                f"cannot write text to '{path}': the ending has to be .txt for lines, or .npz for the characters' ids"
            )
    elif not (path.is_dir() or not suffix or suffix in (*ARRAYS, *GRIDS) or (table and suffix == ".csv")):
        raise UsageError(
            f"cannot write samples to '{path}': the ending has to be {'.csv for a table, ' if table else ''}.npz or "
            f".npy for arrays, none for a folder of PNGs, or for a grid one of {', '.join(GRIDS)}"
        )


def save_grid(samples: Samples, path: Path, columns: int | None = None, units: Units | None = None) -> Path:
    """Write one picture of all samples (points in the plane, other numbers by their kind); returns its path."""
    if units is not None:
        return _save_drawing(samples, path, columns, units)
    if samples.ndim == 4:
        return save_picture(image_grid(cast("NDArray[np.uint8]", samples), columns), path, _description(samples))
    from steadygan.report.surfaces import decision_surface

    return save_picture(decision_surface(cast("NDArray[np.float32]", samples)), path, _description(samples))


def _save_drawing(samples: Samples, path: Path, columns: int | None, units: Units) -> Path:
    if samples.ndim == 2:
        drawn = drawing.column_histograms(units.scaled(samples), None, units)
        return save_picture(drawn, path, f"{len(samples):,} generated rows")
    scaled = units.scaled(samples)
    if samples.ndim == 3:
        return save_picture(drawing.signal_picture(scaled), path, f"{len(samples):,} generated signals")
    return save_picture(image_grid(drawing.as_pictures(scaled), columns), path, f"{len(samples):,} generated samples")


def save_classes(
    samples: Samples, classes: Sequence[int], names: Sequence[str], path: Path, units: Units | None = None
) -> Path:
    """Write samples [classes, columns, ...] of some classes in the form that the path's ending names.

    A grid has a row for each class, with its name; arrays and folders have class after class, with labels.
    """
    if not is_grid(path) or units is not None:
        labels = np.repeat(np.asarray(classes, dtype=np.int64), samples.shape[1])
        return save_samples(samples.reshape(-1, *samples.shape[2:]), path, labels, units=units)
    description = (
        f"{samples.shape[1]:,} generated samples of each of {len(classes)} classes; a column shares its latent"
    )
    if samples.ndim == 5:
        return save_picture(class_grid(cast("NDArray[np.uint8]", samples), names), path, description)
    from steadygan.report.surfaces import points_by_class

    return save_picture(points_by_class(cast("NDArray[np.float32]", samples), names), path, description)


def save_folder(samples: Samples, path: Path, labels: Labels | None = None) -> Path:
    """Write ``000000.png``, ``000001.png`` … and, with labels, ``labels.csv``; returns the folder.

    samples: uint8 [N, C, H, W]. A folder that an earlier call wrote is replaced.
    Raises UsageError for a file, and for a folder that holds anything else.
    """
    return folder_of_blocks([(samples, labels)], path)


def save_npz(samples: Samples, path: Path, labels: Labels | None = None, units: Units | None = None) -> Path:
    """Write the arrays of ``sample_files.npz_of_blocks``."""
    return npz_of_blocks([(samples, labels)], path, len(samples), units=units)


def is_grid(path: Path) -> bool:
    """True if samples at this path are one picture."""
    return path.suffix.lower() in GRIDS and not path.is_dir()


def most_in_grid(height: int, width: int) -> int:
    """How many samples of this size fit into one picture that image programs open."""
    return _MOST_PIXELS // ((height + GAP) * (width + GAP))


def _description(samples: Samples) -> str:
    return f"{len(samples):,} generated {'samples' if samples.ndim == 4 else 'points'}"
