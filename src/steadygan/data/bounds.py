"""Bounds of a value range as they are asked for: two numbers, or percentiles such as '1%'."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Real
from typing import TypeAlias

from steadygan.checks import refused

Bounds: TypeAlias = tuple[float | str, ...]
"""(low, high), each a number or a percentile such as '1%'; () where the data decides"""

_ALLOWED = "two rising numbers, as in 0 4095, or percentiles, as in 1% 99%"


def checked_bounds(name: str, bounds: object) -> Bounds:
    """The bounds as a tuple of numbers and percentiles.

    Raises:
        UsageError: one line, unless there are none or two that rise.
    """
    if isinstance(bounds, str | Real) or not isinstance(bounds, Iterable | None):
        raise refused(name, bounds, _ALLOWED)
    both = tuple(_bound(part) for part in bounds or ())
    if not both:
        return ()
    if len(both) != 2 or None in both:
        raise refused(name, bounds, _ALLOWED)
    low, high = (part for part in both if part is not None)
    if isinstance(low, str) == isinstance(high, str) and not _number(low) < _number(high):
        raise refused(name, bounds, _ALLOWED)
    return low, high


def percentile(bound: float | str) -> float | None:
    """The percentile, 0 to 100, that a bound names; None for a number."""
    return _number(bound) if isinstance(bound, str) else None


def bounds_words(bounds: Bounds) -> str:
    """The bounds as they are typed after ``--data.range``."""
    return " ".join(part if isinstance(part, str) else number_words(part) for part in bounds)


def number_words(number: float) -> str:
    """A stored number as it is typed: whole ones in full, others with at most five digits."""
    whole = float(number).is_integer() and abs(number) < 1e15
    return str(int(number)) if whole else f"{number:.5g}"


def _number(bound: float | str) -> float:
    return float(bound.rstrip("% ")) if isinstance(bound, str) else float(bound)


def _bound(part: object) -> float | str | None:
    """A number, a percentile 'P%', or None for anything else."""
    if isinstance(part, bool):
        return None
    if isinstance(part, Real):
        number = float(part)
        return (int(number) if number.is_integer() else number) if math.isfinite(number) else None
    if not isinstance(part, str):
        return None
    text = part.strip()
    try:
        number = float(text.removesuffix("%"))
    except ValueError:
        return None
    if not text.endswith("%"):
        return _bound(number)
    return f"{number:g}%" if 0 <= number <= 100 else None
