"""Decisions of claims that say 'below', and intervals in words."""

from __future__ import annotations

import dataclasses

from steadygan.studies.claims import Decision, by_sign
from steadygan.studies.intervals import Interval


def below(interval: Interval, evidence: str, *, bound: float = 0.0) -> Decision:
    """Holds if the interval lies below the bound, does not if it lies above, else is not decided."""
    mirrored = Interval(-interval.mean, -interval.high, -interval.low, interval.runs)
    return dataclasses.replace(by_sign(mirrored, evidence, bound=-bound), interval=interval)


def words(interval: Interval, digits: int = 2) -> str:
    """An interval over seeds: '0.31 [0.12, 0.50] over 3 seeds'."""
    number = f".{digits}f"
    bounds = f"[{interval.low:{number}}, {interval.high:{number}}]"
    return f"{interval.mean:{number}} {bounds} over {interval.runs} seed{'' if interval.runs == 1 else 's'}"
