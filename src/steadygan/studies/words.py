"""Numbers and intervals of studies in the form that people read."""

from __future__ import annotations

import math
from collections.abc import Mapping

from steadygan.studies.intervals import Interval
from steadygan.system.words import number


def interval_text(interval: Interval | None) -> str:
    """``0.42 to 0.61``; '' without bounds."""
    if interval is None or not all(map(math.isfinite, interval[1:3])):
        return ""
    return f"{number(interval.low)} to {number(interval.high)}"


def cell_text(value: object) -> str:
    """A table's cell: numbers with three digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{value:,}" if isinstance(value, int) else number(value)


def setting_text(value: object) -> str:
    """The value of a setting, as short as it can be written."""
    return f"{value:g}" if isinstance(value, float) else str(value)


def settings_text(settings: Mapping[str, object]) -> str:
    """``method clip, width 64``."""
    return ", ".join(f"{name} {setting_text(value)}" for name, value in settings.items())
