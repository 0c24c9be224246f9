"""Shares with their intervals: Wilson's for one share, the bootstrap for a mean of shares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

_Z = 1.959963984540054
_DRAWS = 2_000


class Share(NamedTuple):
    """A share with its 95% interval; NaN for none."""

    value: float
    low: float
    high: float
    of: int

    def __str__(self) -> str:
        if not self.of:
            return "-"
        return f"{100 * self.value:.0f}% ({100 * self.low:.0f}-{100 * self.high:.0f}) of {self.of}"


def wilson(hits: int, count: int) -> Share:
    """The share of hits, with Wilson's score interval."""
    if count == 0:
        return Share(math.nan, math.nan, math.nan, 0)
    share, square = hits / count, _Z * _Z / count
    middle = (share + square / 2) / (1 + square)
    half = _Z / (1 + square) * math.sqrt(share * (1 - share) / count + square / (4 * count))
    return Share(share, max(0.0, middle - half), min(1.0, middle + half), count)


def macro(groups: Sequence[Sequence[bool]]) -> Share:
    """The mean of the groups' shares, with the interval of a bootstrap that draws anew in each group."""
    kept = [np.asarray(group, dtype=float) for group in groups if len(group)]
    if not kept:
        return Share(math.nan, math.nan, math.nan, 0)
    rng = np.random.default_rng(0)
    draws = np.mean([rng.choice(group, (_DRAWS, len(group))).mean(axis=1) for group in kept], axis=0)
    low, high = np.quantile(draws, [0.025, 0.975])
    return Share(float(np.mean([group.mean() for group in kept])), float(low), float(high), sum(map(len, kept)))
