"""Numbers and intervals of studies in the form that people read."""

from __future__ import annotations

import math
from collections.abc import Mapping

from steadygan.studies.intervals import Interval
from steadygan.system.words import counted, number


def interval_text(interval: Interval | None) -> str:
    """``0.42 to 0.61``; '' without bounds."""
    if interval is None or not all(map(math.isfinite, interval[1:3])):
        return ""
    return f"{number(interval.low)} to {number(interval.high)}"


def estimate(interval: Interval, form: str = ".3g") -> str:
    """An estimate over seeds: ``0.314 (0.1 to 0.5, 3 seeds)``; ``no trials`` without values."""
    if not interval.runs:
        return "no trials"
    bounds = f"{interval.low:{form}} to {interval.high:{form}}" if math.isfinite(interval.high) else "no interval"
    return f"{interval.mean:{form}} ({bounds}, {counted(interval.runs, 'seed')})"


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
