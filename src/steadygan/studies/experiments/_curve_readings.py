"""What is read off a curve of scores: its scatter at the end, and the time to a score."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

LAST = 5
"""points at its end whose mean is the final score, and whose scatter is its noise"""


def noise(curve: Sequence[float]) -> float:
    """Scatter of a curve's last points: root mean square of the differences of neighbours, over the root of two."""
    last = np.asarray(curve[-2 * LAST :], dtype=np.float64)
    return float(np.sqrt(np.square(np.diff(last)).mean() / 2)) if len(last) > 1 else 0.0


def time_to(curve: Sequence[float], seconds: Sequence[float], score: float) -> float:
    """Seconds until a curve first reaches a score, between its points in a straight line; infinite if it never does."""
    for index, (at, value) in enumerate(zip(seconds, curve, strict=True)):
        if value >= score:
            before = (0.0, 1.0) if index == 0 else (seconds[index - 1], curve[index - 1])
            share = (score - before[1]) / (value - before[1]) if value > before[1] else 1.0
            return before[0] + share * (at - before[0])
    return math.inf
