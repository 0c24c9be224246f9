"""Files of samples that are written block by block: folders of pictures, arrays, tables and lines of text."""

from __future__ import annotations

import csv
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from steadygan.data.dataset import Labels, Samples
from steadygan.data.text.alphabet import Alphabet, decode
from steadygan.errors import UsageError
from steadygan.system.files import written_aside

if TYPE_CHECKING:
    from steadygan.data.units import Units

Blocks: TypeAlias = Iterable[tuple[Samples, Labels | None]]
"""samples in blocks [n, ...], with their labels [n]"""
NUMBERED = re.compile(r"\d{6,}\.png|labels\.csv")
"""names of the files that ``folder_of_blocks`` writes"""


def check_folder(path: Path) -> None:
    """Raises UsageError for a file, and for a folder that holds anything but samples of an earlier call."""
    if path.is_file():
        raise UsageError(f"'{path}' is a file; samples as a folder of PNGs need another name")
    if path.is_dir() and (others := sorted(p.name for p in path.iterdir() if not NUMBERED.fullmatch(p.name))):
        raise UsageError(f"'{path}' holds '{others[0]}', which is no sample of an earlier call; name a new folder")


def folder_of_blocks(blocks: Blocks, path: Path) -> Path:
    """``000000.png``, ``000001.png`` … of uint8 [n, C, H, W] and, with labels, ``labels.csv``."""
    check_folder(path)
    with written_aside(path) as aside:
        aside.mkdir()
        number, lines = 0, None
        for samples, labels in blocks:
            if samples.ndim != 4 or samples.shape[1] > 4:
                raise UsageError(
                    f"these samples are no pictures for a folder: give '{path}' the ending .npz, .npy or .png"
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


def npz_of_blocks(
    blocks: Blocks, path: Path, count: int, alphabet: Alphabet | None = None, units: Units | None = None
) -> Path:
    """The arrays of ``count`` samples.

    ``images`` uint8 [N, H, W, C], or ``points`` float32 [N, D]; with units ``signals`` [N, C, T], ``volumes``
    [N, C, D, H, W], ``table`` [N, D] with its ``columns``; of text the ids of characters, ``ids``, and the
    ``characters``. ``labels`` int64 [N], if there are any.
    """
    labels: list[Labels] = []
    with written_aside(path) as aside, zipfile.ZipFile(aside, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        file: IO[bytes] | None = None
        try:
            for samples, of_block in blocks:
                shown = samples.transpose(0, 2, 3, 1) if samples.ndim == 4 else samples
                if file is None:
                    name = "ids" if alphabet is not None else _array_name(samples, units)
                    file = archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True)
                    _write_header(file, shown.dtype, (count, *shown.shape[1:]))
                file.write(np.ascontiguousarray(shown).tobytes())
                if of_block is not None and alphabet is None:
                    labels.append(np.asarray(of_block))
        finally:
            if file is not None:
                file.close()
        if units is not None and units.names:
            _put_array(archive, "columns", np.array(units.names))
        if labels:
            _put_array(archive, "labels", np.concatenate(labels))
        if alphabet is not None:
            _put_array(archive, "characters", np.array(alphabet.characters))
    return path


def npy_of_blocks(blocks: Blocks, path: Path, count: int) -> Path:
    """One array [N, ...] of ``count`` samples, without labels."""
    begun = False
    with written_aside(path) as aside, aside.open("wb") as file:
        for samples, _ in blocks:
            if not begun:
                _write_header(file, samples.dtype, (count, *samples.shape[1:]))
                begun = True
            file.write(np.ascontiguousarray(samples).tobytes())
    return path


def table_of_blocks(blocks: Blocks, path: Path, units: Units | None = None, class_names: Sequence[str] = ()) -> Path:
    """Rows [N, D] as .csv with the names of the columns, whole numbers as such, and the column ``label``."""
    with written_aside(path) as aside, aside.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        begun = False
        for samples, labels in blocks:
            if not begun:
                names = units.names if units is not None and units.names else _numbered(samples.shape[1])
                writer.writerow([*names, "label"] if labels is not None else names)
                begun = True
            writer.writerows(_cells(samples, labels, units, class_names))
    return path


def lines_of_blocks(blocks: Blocks, path: Path, alphabet: Alphabet) -> Path:
    """Samples of text, one a line."""
    with written_aside(path) as aside, open(aside, "w", encoding="utf-8", newline="\n") as file:
        for ids, _ in blocks:
            file.writelines(f"{line}\n" for line in decode(ids, alphabet))
    return path


def _array_name(samples: Samples, units: Units | None) -> str:
    if samples.ndim == 4:
        return "images"
    if units is not None and samples.ndim == 2:
        return "table"
    return {3: "signals", 5: "volumes"}.get(samples.ndim, "points")


def _numbered(columns: int) -> tuple[str, ...]:
    return tuple(f"column_{number}" for number in range(columns))


def _cells(
    samples: Samples, labels: Labels | None, units: Units | None, class_names: Sequence[str]
) -> Iterator[list[object]]:
    whole = units.whole if units is not None and units.whole else (samples.dtype.kind in "iub",) * samples.shape[1]
    for index, row in enumerate(samples.tolist()):
        cells: list[object] = [int(value) if is_whole else value for value, is_whole in zip(row, whole, strict=True)]
        if labels is not None:
            label = int(labels[index])
            cells.append(class_names[label] if class_names else label)
        yield cells


def _write_header(file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
    """The header of an array as numpy writes it; the numbers are written after it."""
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)


def _put_array(archive: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as file:
        _write_header(file, array.dtype, array.shape)
        file.write(np.ascontiguousarray(array).tobytes())
