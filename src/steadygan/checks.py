"""Range checks of the values that specs are made with: one sentence for each, ``NAME is GOT; allowed: WHAT``.

Booleans are no numbers here, and NaN lies in no range. ``or_none`` allows None, which files and the command line
write as null; ``note`` stands in parentheses after what is allowed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, TypeGuard, get_args

from steadygan.errors import UsageError, nearest

LARGEST = 10**12
"""a whole number without another bound: more than anything is counted to"""


def is_number(value: object) -> TypeGuard[float]:
    """True for real numbers, numpy's too, which are no subclasses of ``float`` all."""
    return isinstance(value, Real)


def refused(name: str, got: object, allowed: str, note: str = "") -> UsageError:
    """The error for a value that is out of range."""
    shown = str(got) if isinstance(got, Real) else repr(got)  # repr(np.float64(2)) is no number to a reader
    return UsageError(f"{name} is {shown}; allowed: {allowed}{f' ({note})' if note else ''}")


def whole_number(
    name: str, value: object, least: int = 1, most: int | None = None, *, or_none: bool = False, note: str = ""
) -> None:
    """Raises UsageError unless the value is a whole number from ``least`` to ``most``."""
    if value is None and or_none:
        return
    number = math.nan if isinstance(value, bool) or not isinstance(value, Integral) else int(value)
    if not least <= number <= (LARGEST if most is None else most):
        limit = f" to {most}" if most is not None else "" if not number > LARGEST else f" to {LARGEST}"
        raise refused(name, value, f"whole numbers from {least}{limit}{_null(or_none)}", note)


def whole_fields(spec: object, *fields: str, least: int = 1) -> None:
    """Raises UsageError unless each of these fields of a spec is a whole number from ``least`` on."""
    for field in fields:
        whole_number(f"{type(spec).__name__}.{field}", getattr(spec, field), least)


def literal_fields(spec: object, **literals: Any) -> None:
    """Raises UsageError unless each of these fields of a spec is one of the words of its ``Literal``."""
    for field, literal in literals.items():
        one_of(f"{type(spec).__name__}.{field}", getattr(spec, field), get_args(literal))


def finite(name: str, value: object) -> None:
    """Raises UsageError unless the value is a finite number."""
    if not math.isfinite(_number(value)):
        raise refused(name, value, "finite numbers")


def at_least(name: str, value: object, least: float, *, or_none: bool = False, note: str = "") -> None:
    """Raises UsageError unless the value is a finite number from ``least`` on."""
    if not (value is None and or_none) and not least <= _number(value) < math.inf:
        raise refused(name, value, f"finite numbers from {_shown(least)}{_null(or_none)}", note)


def above(name: str, value: object, low: float, *, or_none: bool = False, note: str = "") -> None:
    """Raises UsageError unless the value is a finite number above ``low``."""
    if not (value is None and or_none) and not low < _number(value) < math.inf:
        raise refused(name, value, f"finite numbers above {_shown(low)}{_null(or_none)}", note)


def within(
    name: str,
    value: object,
    low: float,
    high: float,
    *,
    open_low: bool = False,
    open_high: bool = False,
    or_none: bool = False,
    note: str = "",
) -> None:
    """Raises UsageError unless the value lies from ``low`` to ``high``; an open end itself is not allowed.

    A closed end may be infinite, and infinity is then allowed.
    """
    if value is None and or_none:
        return
    number = _number(value)
    from_low = low < number if open_low else low <= number
    to_high = number < high if open_high else number <= high
    if not (from_low and to_high):
        begin = f"above {_shown(low)}" if open_low else f"from {_shown(low)}"
        end = f", below {_shown(high)}" if open_high else f"{', up' if open_low else ''} to {_shown(high)}"
        raise refused(name, value, f"numbers {begin}{end}{_null(or_none)}", note)


def one_of(name: str, value: object, allowed: Sequence[object], note: str = "") -> None:
    """Raises UsageError, with the nearest spelling, unless the value is one of those that are allowed."""
    if value not in allowed:
        names = [str(choice) for choice in allowed]
        hint = nearest(value, names) if isinstance(value, str) else ""
        raise refused(name, value, f"{', '.join(names)}{hint}", note)


def true_or_false(name: str, value: object) -> None:
    """Raises UsageError unless the value is a boolean."""
    if not isinstance(value, bool):
        raise refused(name, value, "true, false")


def _number(value: object) -> float:
    """The value as a float; NaN, which compares false with everything, if it is no number."""
    return math.nan if isinstance(value, bool) or not isinstance(value, Real) else float(value)


def _shown(bound: float) -> str:
    return str(bound) if isinstance(bound, int) else f"{bound:g}"


def _null(or_none: bool) -> str:
    return ", or null" if or_none else ""
