"""Intervals in words, for the evidence of claims."""

from __future__ import annotations

import math

from steadygan.studies.intervals import Interval


def told(label: str, interval: Interval) -> str:
    """'LABEL 0.84 (0.71 to 0.97, 5 seeds)'; without bounds where there are none, 'LABEL: no trials' without values."""
    if not interval.runs:
        return f"{label}: no trials"
    count = f"{interval.runs} seed{'s' if interval.runs > 1 else ''}"
    if not math.isfinite(interval.low):
        return f"{label} {interval.mean:.3g} ({count}, no interval)"
    return f"{label} {interval.mean:.3g} ({interval.low:.3g} to {interval.high:.3g}, {count})"
