"""Class selection by number or name."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.pictures import printable
from steadygan.errors import UsageError, nearest

if TYPE_CHECKING:
    from steadygan.data.types import Labels

Asked: TypeAlias = int | str | Sequence[int | str]
"""One class or several: numbers from 0, names, or a string with commas between them."""

_LISTED = 12


def class_shares(labels: Labels | None, classes: int) -> NDArray[np.float64] | None:
    """Shares [classes] of the classes among labels [M], -1 for a missing one; None without any, or if all are equal."""
    known = np.empty(0, np.int64) if labels is None else labels[labels >= 0]
    counts = np.bincount(known, minlength=classes)
    return None if not classes or not len(known) or len(set(counts.tolist())) == 1 else counts / counts.sum()


def class_numbers(asked: Asked, names: Sequence[str], classes: int) -> list[int]:
    """Class numbers of the requested classes, in the order of the request.

    Args:
        asked: a string is a name if the data has that name (as it is written, with what cannot be printed escaped, or
            without spaces around it), else a number, else several separated by commas
        names: of all classes; empty if they have none
        classes: number of classes

    Raises:
        UsageError: for a class that the data does not have; suggests the nearest name.
    """
    asked = asked.tolist() if hasattr(asked, "tolist") else asked  # of numpy and of torch
    if isinstance(asked, bool):  # True is the name of a class of truth values, not the second class of others
        asked = str(asked)
    if isinstance(asked, int):
        return [_checked(asked, classes)]
    if not isinstance(asked, str):
        if not isinstance(asked, Sequence) or not asked:
            raise UsageError(f"a class is asked for by {asked!r}; allowed: numbers, names, or a list of them")
        return [number for one in asked for number in class_numbers(one, names, classes)]
    for written in (asked, printable(asked), asked.strip()):
        if written in names:  # before its number: a folder named '7' need not be the seventh
            return [list(names).index(written)]
    composed = [unicodedata.normalize("NFC", name) for name in names]
    text = unicodedata.normalize("NFC", asked.strip())  # as macOS does not type accents
    if text in composed:
        return [composed.index(text)]
    if text.isdecimal():
        return [_checked(int(text), classes)]
    if "," in text:
        return [number for one in text.split(",") for number in class_numbers(one, names, classes)]
    if not names:
        raise UsageError(f"unknown class '{text}' (known: the numbers 0 to {classes - 1})")
    listed = ", ".join(names[:_LISTED]) + (f", … of {len(names):,}" if len(names) > _LISTED else "")
    raise UsageError(f"unknown class '{text}'{nearest(text, names)} (known: {listed})")


def _checked(number: int, classes: int) -> int:
    if not 0 <= number < classes:
        raise UsageError(f"there is no class {number}: the data has {classes}, from 0 to {classes - 1}")
    return number


def some_classes(classes: int, most: int, seed: int) -> list[int]:
    """All classes in order, or a random choice of ``most`` by the seed."""
    import numpy as np

    if classes <= most:
        return list(range(classes))
    return sorted(int(number) for number in np.random.default_rng(seed).choice(classes, most, replace=False))
