"""The extremes of a data set's numbers, evenly spaced ones of them, and the value range that follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.data.bounds import Bounds, bounds_words, number_words, percentile
from steadygan.data.value_range import (
    AS_BYTES,
    FEW,
    ROUNDING,
    Kind,
    ValueRange,
    by_rule,
    may_be_alpha,
    to_bytes,
    worded,
)
from steadygan.errors import DataError

KEPT, FEW_KEPT = 2**22, 2**16
"""numbers that are kept for percentiles, and to see how many levels they become: all, or evenly spaced ones of more"""


class Tally:
    """The extremes of numbers that are added piece by piece, and evenly spaced ones of them."""

    def __init__(self, kind: Kind, total: int, keep: int) -> None:
        """
        Args:
            kind: of the numbers
            total: about how many will be added
            keep: how many of them are kept, about; 0: none
        """
        self.kind = kind
        self.transparent = False
        """some pixels are not opaque: alpha tells pictures apart even where all numbers are the same"""
        self.white = AS_BYTES[1]
        """the number that shows through"""
        self.least, self.most = np.inf, -np.inf
        self.kept: list[NDArray[Any]] = []
        self._step = max(1, -(-total // keep)) if keep else 0
        self._rng = np.random.default_rng(0)

    def add(self, numbers: NDArray[Any]) -> bool:
        """Adds numbers; False if some are not finite, and then nothing is added."""
        if not numbers.size:
            return True
        least, most = float(numbers.min()), float(numbers.max())  # both propagate NaN
        if not np.isfinite(least) or not np.isfinite(most):
            return False
        self.merge(least, most, spaced(numbers, self._step, self._rng) if self._step else None)
        return True

    def merge(self, least: float, most: float, kept: NDArray[Any] | None = None) -> None:
        """Adds what is known of numbers that were looked at elsewhere."""
        self.least, self.most = min(self.least, least), max(self.most, most)
        if kept is not None:
            self.kept.append(np.array(kept))

    @property
    def step(self) -> int:
        """Of which numbers one is kept; 0: none are."""
        return self._step

    def range(self, asked: Bounds = (), *, alone: bool = True) -> ValueRange:
        """The range that was asked for, or that of the rule.

        Args:
            asked: () for the rule
            alone: these are all numbers of the data set, which must not all be the same, unless some are transparent

        Raises:
            DataError: a line that follows a name, if all numbers are the same or the bounds leave nothing between.
        """
        if self.least == self.most and alone and not self.transparent:
            raise DataError(f"holds {worded(self.least)} and no other number: there is nothing to learn")
        if self.least == self.most == self.white and alone and self.transparent:
            raise DataError(
                f"holds {worded(self.least)} and no other number, white on transparent ground, and transparent parts "
                "are seen as white: there is nothing to see; save the alpha channel as grey pictures"
            )
        if not asked:
            same = self.least == self.most
            white = AS_BYTES[1] if self.transparent and self.kind in ("bytes", "whole") else 1.0
            ends = (min(0.0, self.least), max(white, self.most)) if same else (self.least, self.most)
            return self._checked(replace(ValueRange(*by_rule(self.kind, *ends)), least=self.least, most=self.most))
        numbers = self._sample()
        low, high = (self._bound(bound, numbers) for bound in asked)
        if not low < high:
            raise DataError(
                f"has nothing between {bounds_words(asked)}: these are {worded(low)} and {worded(high)}, of numbers "
                f"from {worded(self.least)} to {worded(self.most)}"
            )
        if low >= self.most or high <= self.least:
            raise DataError(
                f"has numbers from {worded(self.least)} to {worded(self.most)}, none of them within the range "
                f"{bounds_words(asked)}"
            )
        if any(percentile(bound) is not None for bound in asked):
            why = f"percentiles {bounds_words(asked)} of all numbers, {worded(self.least)} to {worded(self.most)}"
        else:
            why = "as asked"
        clipped = float(((numbers < low) | (numbers > high)).mean())
        return self._checked(ValueRange(low, high, self.least, self.most, why, clipped))

    def _sample(self) -> NDArray[Any]:
        return np.concatenate(self.kept).astype(np.float64) if self.kept else np.empty(0)

    def _checked(self, found: ValueRange) -> ValueRange:
        """The range with what is lost by it: few levels of many numbers."""
        sample = self._sample()
        sample = sample[:: -(-len(sample) // FEW_KEPT) or 1]
        levels = squeezed(sample, found.low, found.high) if len(sample) else 0
        if not levels:
            return found
        percentiles = {"1% 99%": np.percentile(sample, [1, 99]), "5% 95%": np.percentile(sample, [5, 95])}
        low, high = bulk(sample)
        choices = {f"{number_words(low)} {number_words(high)}": (low, high), **percentiles}
        better = (words for words, (low, high) in choices.items() if low < high and not squeezed(sample, low, high))
        return replace(found, squeezed=levels, better=next(better, ""))

    def _bound(self, bound: float | str, numbers: NDArray[Any]) -> float:
        part = percentile(bound)
        return float(np.percentile(numbers, part)) if part is not None else float(bound)

    def opacity(self, sure: bool = False) -> tuple[float, float]:
        """The range of alpha; 0 is transparent.

        Args:
            sure: the numbers are alpha, whatever they are

        Raises:
            DataError: a line that follows a name, if the numbers cannot be alpha or nothing would be seen.
        """
        if not np.isfinite(self.most):
            return AS_BYTES
        if self.least == self.most == 0:
            raise DataError("is 0 throughout: as alpha it hides everything; leave that channel out")
        if not sure and not may_be_alpha(self.kind, self.least, self.most):
            raise DataError(
                f"has numbers from {worded(self.least)} to {worded(self.most)}, which are no alpha; say what the array "
                "is: --data.form bands (numbers) or --data.form image (the last channel is alpha)"
            )
        if self.least < -ROUNDING:
            return by_rule(self.kind, self.least, max(self.most, self.least + ROUNDING))[:2]
        if self.most <= 1 + ROUNDING:
            return 0.0, 1.0
        return (0.0, by_rule(self.kind, 0.0, self.most)[1])


def squeezed(numbers: NDArray[Any], low: float, high: float) -> int:
    """How few grey levels numbers become in a range, if these are few and the numbers many; 0 otherwise.

    They are few if 99.9% of all numbers, or nine tenths of the different ones within the range, become fewer than 32.
    """
    values, counts = np.unique(numbers, return_counts=True)
    levels = to_bytes(values, low, high)
    inside = (values >= low) & (values <= high)
    for weights, share in ((counts, 0.999), (inside.astype(np.int64), 0.9)):
        few = needed(np.bincount(levels, weights, minlength=256), share)
        if few < FEW and needed(weights, share) >= 2 * few:
            return few
    return 0


def needed(counts: NDArray[Any], share: float) -> int:
    """How many of the largest counts make up a share of all."""
    most = np.sort(counts)[::-1]
    return int(np.searchsorted(np.cumsum(most), share * most.sum())) + 1


def spaced(numbers: NDArray[Any], step: int, rng: np.random.Generator) -> NDArray[Any]:
    """About one of ``step`` numbers, from everywhere: one at random of each stretch."""
    flat = numbers.reshape(-1)
    if step == 1:
        return flat
    count = int(len(flat) / step + rng.random())
    places = (np.arange(count) + rng.random(count)) * (len(flat) / max(1, count))
    return flat[places.astype(np.int64)]


def bulk(numbers: NDArray[Any]) -> tuple[float, float]:
    """The ends of the numbers without those far away: beyond a gap of more than half of the whole, on the side with
    fewer different ones."""
    values = np.unique(numbers).astype(np.float64)
    while len(values) > 2:
        gaps = np.diff(values)
        at = int(gaps.argmax())
        if 2 * gaps[at] <= values[-1] - values[0]:
            break
        left, right = values[: at + 1], values[at + 1 :]
        values = left if len(left) >= len(right) else right
    return float(values[0]), float(values[-1])
