"""One axis of a chart: the scale from values to pixels, and its ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Axis:
    """The values from ``low`` to ``high``, laid over the pixels from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    @classmethod
    def around(cls, low: float, high: float, start: float, end: float, log: bool = False) -> Axis:
        """An axis with a margin around the values, also if they are all equal."""
        if log:
            low, high = math.log10(low), math.log10(high)
        if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
            margin = (0.5 if log else abs(low) * 0.1) or 1.0
        else:
            margin = 0.05 * (high - low)
        low, high = low - margin, high + margin
        return cls(10**low, 10**high, start, end, True) if log else cls(low, high, start, end)

    def place(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Pixels of the values; NaN for values that are not finite or, on a log axis, not positive."""
        values = np.where(np.isfinite(values), values, np.nan)
        low, high = self.low, self.high
        if self.log:
            values = np.log10(np.where(values > 0, values, np.nan))
            low, high = math.log10(low), math.log10(high)
        return self.start + (values - low) / (high - low) * (self.end - self.start)

    def ticks(self, wanted: int = 5) -> list[tuple[float, str]]:
        """Round values inside the axis, with their labels."""
        if self.log:
            values = _log_ticks(self.low, self.high, wanted)
            return [(value, _labels([value], value)[0]) for value in values]
        values, step = _linear_ticks(self.low, self.high, wanted)
        return list(zip(values, _labels(values, step), strict=True))


def _linear_ticks(low: float, high: float, wanted: int) -> tuple[list[float], float]:
    """Multiples of 1, 2 or 5 times a power of ten, about ``wanted`` of them, and their spacing."""
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)], step


def _log_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Powers of ten; with 2 and 5 times those, or linear ticks, if the range is too short for them."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    skip = max(1, math.ceil((last - first + 1) / (wanted + 1)))
    tens = [10.0**i for i in range(first, last + 1) if i % skip == 0]
    if len(tens) >= 3:
        return tens
    finer = [m * 10.0**i for i in range(first - 1, last + 1) for m in (1, 2, 5)]
    finer = [value for value in finer if low <= value <= high]
    return finer if len(finer) >= 2 else _linear_ticks(low, high, wanted)[0]


def _labels(values: list[float], step: float) -> list[str]:
    """Labels of one style for all ticks: ``12k`` and ``0.25``, exponents only if nothing else is short."""
    largest = max((abs(value) for value in values), default=0.0)
    if largest >= 1e9 or 0 < largest < 1e-3:
        return [f"{value:g}" if value else "0" for value in values]
    if largest >= 1e4:
        size, letter = (1e6, "M") if largest >= 1e6 else (1e3, "k")
        return [f"{value / size:g}{letter}" if value else "0" for value in values]
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{value:.{decimals}f}" if value else "0" for value in values]
