"""Files of samples: one grid, a folder of pictures, or an array file."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from steadygan.data.dataset import Labels, Samples
from steadygan.data.numbers import drawing
from steadygan.data.text.alphabet import Alphabet, decode
from steadygan.errors import UsageError
from steadygan.report.lines import save_lines
from steadygan.report.pictures import class_grid, image_grid, save_picture
from steadygan.system.files import written_aside

if TYPE_CHECKING:
    from steadygan.data.units import Units

GRIDS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
NUMBERED = re.compile(r"\d{6,}\.png|labels\.csv")
"""names of the files that ``save_folder`` writes"""


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
    suffix = path.suffix.lower()
    if alphabet is not None:
        return _save_text(samples, path, alphabet)
    if path.is_dir() or not suffix:
        return save_folder(samples, path, labels)
    if suffix == ".npz":
        return save_npz(samples, path, labels, units)
    if suffix == ".npy":
        with written_aside(path) as aside, aside.open("wb") as file:
            np.save(file, samples, allow_pickle=False)
        return path
    if suffix == ".csv" and samples.ndim == 2:
        return save_table(samples, path, labels, units, class_names)
    if suffix in GRIDS:
        return save_grid(samples, path, units=units)
    table = ".csv for a table, " if samples.ndim == 2 else ""
    raise UsageError(
        f"cannot write samples to '{path}': the ending has to be {table}.npz or .npy for arrays, none for a folder of "
        f"PNGs, or for a grid one of {', '.join(GRIDS)}"
    )


def save_table(
    samples: Samples,
    path: Path,
    labels: Labels | None = None,
    units: Units | None = None,
    class_names: Sequence[str] = (),
) -> Path:
    """Write rows [N, D] as .csv with the names of the columns, whole numbers as such, and the column ``label``."""
    names = list(units.names) if units is not None and units.names else [f"column_{i}" for i in range(samples.shape[1])]
    whole = units.whole if units is not None and units.whole else (samples.dtype.kind in "iub",) * samples.shape[1]
    with written_aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow([*names, "label"] if labels is not None else names)
        for index, row in enumerate(samples.tolist()):
            cells: list[object] = [
                int(value) if is_whole else value for value, is_whole in zip(row, whole, strict=True)
            ]
            if labels is not None:
                label = int(labels[index])
                cells.append(class_names[label] if class_names else label)
            writer.writerow(cells)
    return path


def _save_text(ids: Samples, path: Path, alphabet: Alphabet) -> Path:
    if path.suffix.lower() == ".txt":
        return save_lines(decode(ids, alphabet), path)
    if path.suffix.lower() != ".npz":
        raise UsageError(
            f"cannot write text to '{path}': the ending has to be .txt for lines, or .npz for the characters' ids"
        )
    with written_aside(path) as aside:
        np.savez(aside, allow_pickle=False, ids=ids, characters=np.array(alphabet.characters))
    return path


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
    if path.suffix.lower() not in GRIDS or path.is_dir() or units is not None:
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
    if samples.ndim != 4 or samples.shape[1] > 4:
        raise UsageError(f"these samples are no pictures for a folder: give '{path}' the ending .npz, .npy or .png")
    if path.is_file():
        raise UsageError(f"'{path}' is a file; samples as a folder of PNGs need another name")
    if path.is_dir() and (others := sorted(p.name for p in path.iterdir() if not NUMBERED.fullmatch(p.name))):
        raise UsageError(f"'{path}' holds '{others[0]}', which is no sample of an earlier call; name a new folder")
    with written_aside(path) as aside:
        aside.mkdir()
        for index, sample in enumerate(samples):
            pixels = sample[0] if len(sample) == 1 else sample.transpose(1, 2, 0)
            Image.fromarray(pixels).save(aside / f"{index:06d}.png")
        if labels is not None:
            lines = (f"{index:06d}.png,{label}\n" for index, label in enumerate(labels))
            (aside / "labels.csv").write_text("file,label\n" + "".join(lines), encoding="utf-8")
    return path


def save_npz(samples: Samples, path: Path, labels: Labels | None = None, units: Units | None = None) -> Path:
    """Write the arrays ``images`` uint8 [N, H, W, C], or ``points`` float32 [N, D], and ``labels`` int64 [N].

    Signals are ``signals`` [N, C, T], volumes ``volumes`` [N, C, D, H, W], tables ``table`` [N, D] with ``columns``.
    """
    arrays: dict[str, NDArray[np.generic]] = {}
    if samples.ndim == 4:
        arrays["images"] = np.ascontiguousarray(samples.transpose(0, 2, 3, 1))
    elif units is not None and samples.ndim == 2:
        arrays |= {"table": samples, "columns": np.array(units.names)}
    else:
        arrays[{3: "signals", 5: "volumes"}.get(samples.ndim, "points")] = samples
    if labels is not None:
        arrays["labels"] = labels
    with written_aside(path) as aside:
        np.savez(aside, allow_pickle=False, **arrays)
    return path


def _description(samples: Samples) -> str:
    return f"{len(samples):,} generated {'samples' if samples.ndim == 4 else 'points'}"
