"""Files of samples: one grid, a folder of pictures, or an array file."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO, Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from steadygan.data.dataset import Labels, Samples
from steadygan.data.text.alphabet import Alphabet, decode
from steadygan.errors import UsageError
from steadygan.report.pictures import GAP, class_grid, image_grid, save_picture
from steadygan.system.files import written_aside

GRIDS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff")
Blocks: TypeAlias = Iterable[tuple[Samples, Labels | None]]
"""samples in blocks [n, ...], with their labels [n]"""
_MOST_PIXELS = 89_478_485
"""beyond this Pillow warns of a bomb"""
NUMBERED = re.compile(r"\d{6,}\.png|labels\.csv")
"""names of the files that ``save_folder`` writes"""


def save_samples(samples: Samples, path: Path, labels: Labels | None = None, alphabet: Alphabet | None = None) -> Path:
    """Write samples in the form that the path's ending names; returns the path.

    Args:
        samples: uint8 [N, C, H, W] images, float32 [N, D] points, or ids [N, L] of an alphabet's characters
        path: ``.png`` (or another picture format) for a grid, ``.npz`` for arrays, no ending for a folder of PNGs;
            for text ``.txt``, one sample a line, or ``.npz``
        labels: [N], kept by arrays and folders
        alphabet: of text

    Raises:
        UsageError: for another ending.
    """
    if alphabet is None and is_grid(path):
        return save_grid(samples, path)
    return save_blocks([(samples, labels)], path, len(samples), alphabet)


def save_grid(samples: Samples, path: Path, columns: int | None = None) -> Path:
    """Write one picture of all samples (points are drawn in the plane); returns its path."""
    if samples.ndim == 4:
        return save_picture(image_grid(cast("NDArray[np.uint8]", samples), columns), path, _description(samples))
    from steadygan.report.surfaces import decision_surface

    return save_picture(decision_surface(cast("NDArray[np.float32]", samples)), path, _description(samples))


def save_classes(samples: Samples, classes: Sequence[int], names: Sequence[str], path: Path) -> Path:
    """Write samples [classes, columns, ...] of some classes in the form that the path's ending names.

    A grid has a row for each class, with its name; arrays and folders have class after class, with labels.
    """
    if path.suffix.lower() not in GRIDS or path.is_dir():
        labels = np.repeat(np.asarray(classes, dtype=np.int64), samples.shape[1])
        return save_samples(samples.reshape(-1, *samples.shape[2:]), path, labels)
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


def check_folder(path: Path) -> None:
    """Raises UsageError for a file, and for a folder that holds anything but samples of an earlier call."""
    if path.is_file():
        raise UsageError(f"'{path}' is a file; samples as a folder of PNGs need another name")
    if path.is_dir() and (others := sorted(p.name for p in path.iterdir() if not NUMBERED.fullmatch(p.name))):
        raise UsageError(f"'{path}' holds '{others[0]}', which is no sample of an earlier call; name a new folder")


def folder_of_blocks(blocks: Blocks, path: Path) -> Path:
    """``save_folder`` of samples in blocks."""
    check_folder(path)
    with written_aside(path) as aside:
        aside.mkdir()
        number, lines = 0, None
        for samples, labels in blocks:
            if samples.ndim != 4:
                raise UsageError(
                    f"points cannot be written as a folder of pictures: give '{path}' the ending .npz or .png"
                )
            if labels is not None and lines is None:
                lines = aside / "labels.csv"
                lines.write_text("file,label\n", encoding="utf-8")
            for sample in samples:
                pixels = sample[0] if len(sample) == 1 else sample.transpose(1, 2, 0)
                Image.fromarray(pixels).save(aside / f"{number:06d}.png")
                number += 1
            if labels is not None and lines is not None:
                first = number - len(samples)
                with open(lines, "a", encoding="utf-8") as file:
                    file.writelines(f"{first + index:06d}.png,{label}\n" for index, label in enumerate(labels))
    return path


def save_npz(samples: Samples, path: Path, labels: Labels | None = None) -> Path:
    """Write the arrays ``images`` uint8 [N, H, W, C], or ``points`` float32 [N, D], and ``labels`` int64 [N]."""
    return npz_of_blocks([(samples, labels)], path, len(samples))


def npz_of_blocks(blocks: Blocks, path: Path, count: int, alphabet: Alphabet | None = None) -> Path:
    """``save_npz`` of ``count`` samples in blocks; of text the ids of characters, ``ids``, and the ``characters``."""
    labels: list[Labels] = []
    with written_aside(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        file: IO[bytes] | None = None
        try:
            for samples, of_block in blocks:
                shown = samples.transpose(0, 2, 3, 1) if samples.ndim == 4 else samples
                if file is None:
                    name = "images" if samples.ndim == 4 else "points" if alphabet is None else "ids"
                    file = _array_file(archive, name, shown.dtype, (count, *shown.shape[1:]))
                file.write(np.ascontiguousarray(shown).tobytes())
                if of_block is not None and alphabet is None:
                    labels.append(np.asarray(of_block))
        finally:
            if file is not None:
                file.close()
        if labels:
            _put_array(archive, "labels", np.concatenate(labels))
        if alphabet is not None:
            _put_array(archive, "characters", np.array(alphabet.characters))
    return path


def _array_file(archive: zipfile.ZipFile, name: str, dtype: np.dtype[Any], shape: tuple[int, ...]) -> IO[bytes]:
    """An array's file in an archive, as numpy writes it, with its header; the numbers are written after it."""
    file = archive.open(f"{name}.npy", "w", force_zip64=True)
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    return file


def _put_array(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with _array_file(archive, name, array.dtype, array.shape) as file:
        file.write(np.ascontiguousarray(array).tobytes())


def lines_of_blocks(blocks: Blocks, path: Path, alphabet: Alphabet) -> Path:
    """Write the samples of text, one a line, in blocks."""
    with written_aside(path) as aside, open(aside, "w", encoding="utf-8", newline="\n") as file:
        for ids, _ in blocks:
            file.writelines(f"{line}\n" for line in decode(ids, alphabet))
    return path


def save_blocks(blocks: Blocks, path: Path, count: int, alphabet: Alphabet | None = None) -> Path:
    """``save_samples`` of ``count`` samples in blocks, for more of them than memory holds: all forms but a grid."""
    check_form(path, text=alphabet is not None)
    if path.suffix.lower() == ".npz" and not path.is_dir():
        return npz_of_blocks(blocks, path, count, alphabet)
    if alphabet is not None:
        return lines_of_blocks(blocks, path, alphabet)
    return folder_of_blocks(blocks, path)


def check_form(path: Path, *, text: bool) -> None:
    """Raises UsageError for an ending that names no form of samples."""
    suffix = path.suffix.lower()
    if text:
        if suffix not in (".txt", ".npz"):
            raise UsageError(
                f"cannot write text to '{path}': the ending has to be .txt for lines, or .npz for the characters' ids"
            )
    elif not (path.is_dir() or not suffix or suffix == ".npz" or suffix in GRIDS):
        raise UsageError(
            f"cannot write samples to '{path}': the ending has to be .npz for arrays, none for a folder of PNGs, "
            f"or for a grid one of {', '.join(GRIDS)}"
        )


def is_grid(path: Path) -> bool:
    """True if samples at this path are one picture."""
    return path.suffix.lower() in GRIDS and not path.is_dir()


def most_in_grid(height: int, width: int) -> int:
    """How many samples of this size fit into one picture that image programs open."""
    return _MOST_PIXELS // ((height + GAP) * (width + GAP))


def _description(samples: Samples) -> str:
    return f"{len(samples):,} generated {'samples' if samples.ndim == 4 else 'points'}"
