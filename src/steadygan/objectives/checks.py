"""Checks that objectives share; torch-free."""

from __future__ import annotations

import math

from steadygan.errors import UsageError


def need_weight(name: str, weight: float) -> None:
    """Raises UsageError for a weight that is below 0 or not finite."""
    if not 0.0 <= weight < math.inf:
        raise UsageError(f"{name} is {weight}; it has to be 0 or more, and finite")


def need_share(name: str, share: float) -> None:
    """Raises UsageError for a number that is no share of 1."""
    if not 0.0 <= share <= 1.0:
        raise UsageError(f"{name} is {share}; it has to be from 0 to 1")
