"""A source of numbers that are no 8-bit pictures: rows in the order of networks, with labels and names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steadygan.errors import UsageError, nearest

if TYPE_CHECKING:
    from steadygan.data.types import Labels
    from steadygan.types import SampleKind


@dataclass(frozen=True, eq=False)
class Numbers:
    """One split: M samples [M, C, ...] or rows of a table [M, D], as they are stored."""

    title: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pieces: Callable[[], Iterator[NDArray[Any]]]
    """iterates over all samples in pieces [n, C, ...], from the first at each call"""
    labels: Labels | None = None
    """[M], 0 to classes - 1"""
    name_of: Callable[[int], str] = "row {}".format
    """a sample's name in messages"""


def rows_by_name(source: NumberSource, names: tuple[str, ...]) -> NDArray[Any]:
    """All training rows [M, D] of a source, those of a table with the columns in the order of ``names``.

    Columns are matched where both sides have names: others count by their position.

    Raises:
        UsageError: for a table with names that lacks some of these.
    """
    rows = np.concatenate(list(source.train.pieces()))
    if not _named(source.columns) or not _named(names):
        return rows
    places = {name: place for place, name in enumerate(source.columns)}
    missing = [name for name in names if name not in places]
    if missing:
        hint = nearest(missing[0], places)
        raise UsageError(f"{source.train.title} has no column '{missing[0]}'{hint}; needed: {', '.join(names[:12])}")
    return rows[:, [places[name] for name in names]]


def _named(columns: tuple[str, ...]) -> bool:
    """True for names that a file gave its columns."""
    return bool(columns) and columns != tuple(f"column_{place}" for place in range(len(columns)))


@dataclass(frozen=True, eq=False)
class NumberSource:
    """The training split, and the test split if there is one."""

    name: str
    form: str
    """'arrays', 'csv' or 'memory'"""
    kind: SampleKind
    train: Numbers
    test: Numbers | None = None
    class_names: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    """names of a table's columns"""
    notes: tuple[str, ...] = ()
    """sentences for the audit"""
    label_note: str = ""
    """why labels are not used"""
