"""Folders of .npy files, each of which is one sample; folders in it are splits, classes or shards."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.pictures import PictureSource, printable
from steadygan.data.numbers.source import NumberSource
from steadygan.data.options import DataOptions
from steadygan.data.reading import need_memory, shown
from steadygan.data.sources.arrays import ArrayFile, headers, source_of_arrays
from steadygan.data.sources.folder import sorted_by_folders
from steadygan.data.sources.walk import File
from steadygan.data.stored_array import MemoryArray, StoredArray
from steadygan.errors import DataError

FEWEST = 16
"""files that are taken for one sample each"""
_PIECE = 2**24


@dataclass(frozen=True, eq=False)
class FolderArray:
    """M files of one shape and number type as one array [M, ...]."""

    title: str
    files: tuple[ArrayFile, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.files), *self.files[0].shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.files[0].dtype

    def pieces(self) -> Iterator[NDArray[Any]]:
        """Some files at a time."""
        size = int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize
        rows = max(1, _PIECE // max(1, size))
        for start in range(0, len(self.files), rows):
            yield np.stack([file.load() for file in self.files[start : start + rows]])

    def load(self) -> NDArray[Any]:
        """All files, in memory. Raises DataError if they are larger than what is held at once."""
        size = math.prod(self.shape) * self.dtype.itemsize
        need_memory(self.title, size, f"its {len(self.files):,} files have")
        return np.stack([file.load() for file in self.files])


def open_array_folder(
    folder: Path, name: str, found: list[File], options: DataOptions
) -> PictureSource | NumberSource | None:
    """The source of a folder of .npy files of one shape; None for fewer than 16 of them, which are arrays of samples.

    Folders in it are splits, classes or shards, as those of pictures are.

    Raises:
        DataError: one line, for files of several shapes or number types.
        UsageError: if folders are asked for that could not be classes.
    """
    if len(found) < FEWEST or any(file.path.suffix.lower() != ".npy" for file in found):
        return None
    notes: list[str] = []
    split = sorted_by_folders(found, name, options.labels, notes)
    files = tuple(headers(file.path)["images"] for file in (*split.train, *split.test))
    forms = Counter((file.shape, str(file.dtype)) for file in files)
    if len(forms) > 1:
        (usual, _), *others = forms.most_common()
        odd = next(file for file in files if (file.shape, str(file.dtype)) == others[0][0])
        raise DataError(
            f"folder '{shown(folder)}' has {len(files):,} .npy files of {len(forms)} forms: most are {usual[1]} "
            f"{list(usual[0])}, {odd.title} is {odd.dtype} {list(odd.shape)}; one sample a file needs one form"
        )
    title, count = f"folder '{shown(folder)}'", len(split.train)
    arrays: dict[str, StoredArray] = {"images": FolderArray(title, files[:count])}
    if split.test:
        arrays["x_test"] = FolderArray(f"{title}, {printable(split.test_name)}", files[count:])
    labelling = split.labelling
    for key, labels in (("labels", labelling.labels), ("y_test", labelling.test_labels)):
        if labelling.names and labels is not None:
            arrays[key] = MemoryArray("folders", np.array(labelling.names, dtype=object)[labels].astype(str))
    source = source_of_arrays(arrays, title, name, options)
    return replace(source, notes=(*source.notes, *notes), label_note=source.label_note or labelling.note)
