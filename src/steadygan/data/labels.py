"""Labels of any kind as one class for each picture, or a sentence on why they are no classes.

Classes are whole numbers, words, truth values, and vectors of which one number is 1 and the others are 0. Soft labels
(rows that sum to 1) are classes if the likeliest is asked for. Several classes a picture, other vectors, fractions and
numbers that tell pictures apart are no classes: training does without them, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.pictures import printable
from steadygan.data.options import LabelUse
from steadygan.errors import DataError, UsageError

if TYPE_CHECKING:
    from steadygan.data.types import Labels

_WHOLE = 1e-6
"""by how much a number of a one-hot label may differ from a whole one"""
_SUM = 1e-3
"""by how much the sum of soft labels may differ from 1"""
MISSING = ("", "na", "n/a", "nan", "null", "none", "?", "-")
"""what stands for a missing value in a table of text"""
LEAVE_OUT = "--data.labels false leaves them out"


@dataclass(frozen=True, eq=False)
class Values:
    """Labels of one split as they are stored."""

    title: str
    """in messages"""
    array: NDArray[Any] | None
    """[M], [M, K] or more; words may be Python's; None for other Python objects, which are not loaded"""
    shape: tuple[int, ...]
    count: int
    """pictures of the split"""
    what: str = ""
    """what they are, if they are known to be no classes"""

    @classmethod
    def of_words(cls, words: Sequence[str], title: str) -> Values:
        """Labels as a file of text has them: words for missing ones are known, and fractions are numbers."""
        rows: list[Any] = [None if word.lower() in MISSING else word for word in words]
        try:
            numbers = [float(row) for row in rows]
        except (TypeError, ValueError):
            return cls.of(rows, title, len(rows))
        whole = all(number.is_integer() for number in numbers)  # '01' stays the name of a class
        return cls.of(rows if whole else numbers, title, len(rows))

    @classmethod
    def of(cls, rows: Sequence[Any], title: str, count: int) -> Values:
        """Labels as Python values, as of a table or of JSON: numbers, words, lists, or None where one is missing."""
        missing = sum(row is None for row in rows)
        lengths = {len(row) if isinstance(row, list | tuple) else -1 for row in rows}
        shape = (len(rows),)
        if missing:
            return cls(title, np.empty(0), shape, count, f"are missing for {missing:,} samples")
        if len(lengths) > 1:
            return cls(title, np.empty(0), shape, count, "are lists of several lengths")
        words = all(isinstance(row, str) for row in rows)
        array = np.array(list(rows), dtype=object if words else None)  # one long word would make all others as long
        if not words and array.dtype.kind not in "buifU":
            return cls(title, np.empty(0), shape, count, "are neither numbers nor words")
        return cls(title, array, array.shape, count)


@dataclass(frozen=True, eq=False)
class Labelling:
    """Labels that are classes, or why they are none."""

    labels: Labels | None = None
    """[M], 0 to classes - 1; with a note, numbers that are no classes and only count as content"""
    names: tuple[str, ...] = ()
    """of the classes; empty with a note"""
    test_labels: Labels | None = None
    note: str = ""
    """why the labels are no classes; '' if they are"""


NO_LABELS = Labelling()


def read_labels(train: Values, test: Values | None, use: LabelUse) -> Labelling:
    """Labels of both splits.

    Args:
        train: of the training split
        test: of the test split, if there is one
        use: the option ``labels``; False forgives everything

    Raises:
        DataError: for another number of labels than pictures, and for Python objects.
        UsageError: if the likeliest class is asked for where there are no soft labels.
    """
    try:
        return _read([train] if test is None else [train, test], use)
    except DataError:
        if use is False:
            return Labelling()
        raise


def _read(splits: Sequence[Values], use: LabelUse) -> Labelling:
    read = [_one_value(split, use) for split in splits]
    note = next((each for each in read if isinstance(each, str)), "")
    if note:
        return Labelling(note=note)
    values = [each for each in read if not isinstance(each, str)]
    if len({each.dtype.kind in "UO" for each in values}) > 1:  # 3 and '3' are one class
        values = [each.astype(str) for each in values]
    labels, _, _ = number_labels(values[0])
    alone = int((np.bincount(labels) == 1).sum())
    if 2 * alone > len(labels) and use is not False:
        what = "differ from sample to sample, as numbers of samples do, and are no classes"
        return Labelling(labels, note=_note(splits[0], what))
    return Labelling(*number_labels(*values))


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
        raise DataError(
            f"the test split has the label '{printable(str(unknown[0]))}', which the training split lacks; {LEAVE_OUT}"
        )
    test_labels = np.searchsorted(kinds, test_values)
    return labels.reshape(-1).astype(np.int64), names, test_labels.astype(np.int64)


def _rows(values: Values) -> NDArray[Any]:
    """One row for each label; a column or a row of single labels as [M]."""
    array = values.array
    if array is None:
        raise DataError(
            f"{values.title} holds Python objects, which can run code when they are loaded: save numbers or words; "
            f"{LEAVE_OUT}"
        )
    if array.ndim >= 2 and array.size == values.count:
        array = array.reshape(-1)
    return array if array.ndim else array.reshape(1)


def _one_value(values: Values, use: LabelUse) -> NDArray[Any] | str:
    """One value for each picture [M], or why there is none."""
    rows = _rows(values)
    if (len(rows) if not values.what else values.shape[0]) != values.count:
        raise DataError(
            f"{values.title} holds {len(rows):,} labels {list(values.shape)} for {values.count:,} samples: there has "
            f"to be one for each; {LEAVE_OUT}"
        )
    if values.what:
        return _note(values, values.what)
    if rows.dtype.kind == "S":
        rows = np.char.decode(rows, "utf-8", "replace")
    if rows.dtype.kind not in "buifUO":
        return _note(values, f"are {rows.dtype}, neither numbers nor words")
    missing = rows == "" if rows.dtype.kind in "UO" else ~np.isfinite(rows)
    if missing.any():
        return _note(values, f"are missing for {int(missing.reshape(len(rows), -1).any(axis=1).sum()):,} samples")
    if rows.ndim == 1:
        return _of_single(values, rows, use)
    return _of_vectors(values, rows, use)


def _of_single(values: Values, rows: NDArray[Any], use: LabelUse) -> NDArray[Any] | str:
    if use == "likeliest":
        raise _unlikely(values, "are no shares of classes")
    if rows.dtype.kind != "f":
        return rows
    if np.array_equal(rows, np.rint(rows)) and np.abs(rows).max(initial=0) < 2**53:
        return rows.astype(np.int64)
    return _note(values, "are fractions, which are no classes")


def _of_vectors(values: Values, rows: NDArray[Any], use: LabelUse) -> NDArray[Any] | str:
    what = _kind_of_vectors(rows)
    if what == "one-hot" or (what == "soft" and use == "likeliest"):
        return np.asarray(rows.argmax(axis=1))
    if use == "likeliest":
        raise _unlikely(values, what)
    if what == "soft":
        return _note(values, "are soft, shares of classes", "--data.labels likeliest takes the largest")
    return _note(values, what)


def _kind_of_vectors(rows: NDArray[Any]) -> str:
    """'one-hot', 'soft', or what other rows [M, K, ...] are, in words."""
    if rows.ndim > 2:
        return "are arrays, one a sample"
    if rows.dtype.kind == "U":
        return "are several words a sample"
    numbers = rows.astype(np.float64)
    whole = np.rint(numbers)
    whole = whole if np.abs(numbers - whole).max() <= _WHOLE else numbers
    low, high = whole.min(), whole.max()
    is_soft = numbers.min() >= 0 and np.abs(numbers.sum(axis=1) - 1).max() <= _SUM
    if is_soft and high < 1:
        return "soft"
    if ((whole == low) | (whole == high)).all():  # 0 and 1, -1 and 1, 0 and 255
        hot = (whole == high).sum(axis=1) if low < high else np.zeros(len(rows))
        return "one-hot" if (hot == 1).all() else "are multi-hot, several classes a sample or none"
    return "soft" if is_soft else "are vectors of numbers"


def _unlikely(values: Values, what: str) -> UsageError:
    return UsageError(f"data labels is 'likeliest', but the labels {values.title} {list(values.shape)} {what}")


def _note(values: Values, what: str, remedy: str = "") -> str:
    """What labels are that are no classes."""
    return f"The labels {values.title} {list(values.shape)} {what}{f' ({remedy})' if remedy else ''}"
