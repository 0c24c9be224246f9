"""Picture sources: encoded pictures in a fixed order, with labels and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steadygan.errors import DataError
from steadygan.system.escapes import escaped

if TYPE_CHECKING:
    from steadygan.data.images.decode import Payload
    from steadygan.data.range import ValueRange
    from steadygan.data.types import Labels

_LONGEST_NAME = 200


@dataclass(frozen=True, eq=False)
class Pictures:
    """One split of a source: M pictures, encoded or as arrays."""

    count: int
    read: Callable[[], Iterator[Payload]]
    """iterates over all pictures, from the first at each call"""
    name_of: Callable[[int], str]
    """name of a picture in messages: its path in the folder, its row in a table"""
    labels: Labels | None = None
    """[M], 0 to classes - 1"""
    key: str | None = None
    """hash of the files' paths, sizes and times; None if scanning again is cheap"""
    in_memory: bool = False
    """True if the pictures are arrays in memory"""


@dataclass(frozen=True, eq=False)
class PictureSource:
    """A source of pictures: the training split, and the official test split if there is one."""

    name: str
    kind: str
    """'folder', 'parquet', 'idx', 'arrays' or 'built in'"""
    train: Pictures
    test: Pictures | None = None
    test_name: str = "test"
    """what the source calls its test split"""
    class_names: tuple[str, ...] = ()
    ignored: tuple[tuple[str, int], ...] = ()
    """(suffix, files) of files that are not pictures"""
    notes: tuple[str, ...] = ()
    """sentences for the audit"""
    range: ValueRange | None = None
    """of arrays: the stored numbers that became black and white"""
    label_note: str = ""
    """why the labels that are there are no classes, and what to do; '' if they are classes or there are none"""


def printable(name: str) -> str:
    """A file's or class's name that can be printed and stored, whatever bytes it is made of; long ones are cut."""
    name = escaped(name)
    return name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}…"


def pictures_of_array(images: NDArray[np.uint8], labels: Labels | None = None, name: str = "picture") -> Pictures:
    """Pictures of a uint8 array [M, C, H, W] that is in memory."""
    return Pictures(
        count=len(images),
        read=lambda: iter(images),
        name_of=lambda index: f"{name} {index}",
        labels=labels,
        in_memory=True,
    )


def number_labels(
    values: NDArray[Any], test_values: NDArray[Any] | None = None
) -> tuple[Labels, tuple[str, ...], Labels | None]:
    """Values [M] of any kind as labels 0 to K - 1 in sorted order, the K values as names, and the test labels.

    Raises DataError if the test split has a value that the training split lacks.
    """
    kinds, labels = np.unique(values, return_inverse=True)
    names = tuple(printable(str(kind)) for kind in kinds)
    if test_values is None:
        return labels.reshape(-1).astype(np.int64), names, None
    unknown = np.setdiff1d(test_values, kinds)
    if len(unknown):
        raise DataError(f"the test split has the label '{printable(str(unknown[0]))}', which the training split lacks")
    test_labels = np.searchsorted(kinds, test_values)
    return labels.reshape(-1).astype(np.int64), names, test_labels.astype(np.int64)
