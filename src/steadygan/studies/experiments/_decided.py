"""Decisions of claims that say 'below'."""

from __future__ import annotations

import dataclasses

from steadygan.studies.claims import Decision, by_sign
from steadygan.studies.intervals import Interval


def below(interval: Interval, evidence: str, *, bound: float = 0.0) -> Decision:
    """Holds if the interval lies below the bound, does not if it lies above, else is not decided."""
    mirrored = Interval(-interval.mean, -interval.high, -interval.low, interval.runs)
    return dataclasses.replace(by_sign(mirrored, evidence, bound=-bound), interval=interval)
