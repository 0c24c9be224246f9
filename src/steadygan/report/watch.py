"""What a run's events say of its course: the numbers that a judgement is made from."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steadygan.report.judgement import Signs, judgement
from steadygan.report.verdicts import Verdicts
from steadygan.training.observers import Picture, Row, RunStart
from steadygan.training.spread import some_values, spread

_BETWEEN = 0.1
"""share of the planned rounds between two pictures that are compared"""
_SAMPLES, _PICTURES = 32, 24
"""samples of a picture, and pictures, that are kept at most"""
_TREND, _GROWTH = 4, 1.1
"""pictures over which the spread is compared, and the factor from which on it has grown"""
_LOSSES = ("critic_loss", "generator_loss")


class Watch:
    """Keeps some of the last pictures, and the signs that they and the logged rows give."""

    def __init__(self, start: RunStart) -> None:
        self._rounds, self._data_spread = max(1, start.rounds), start.data_spread
        self._is_text = start.sample.is_text
        self._round, self._finite = start.round, True
        self._seen: int | None = None
        self._spreads: deque[float] = deque(maxlen=_TREND)
        self._pictures: deque[tuple[int, NDArray[Any]]] = deque(maxlen=_PICTURES)
        self._change: float | None = None
        self.verdicts = Verdicts(start)

    def looked(self, row: Mapping[str, float | int | str]) -> None:
        self.verdicts.looked(row)

    def judgement(self, what: str) -> str:
        """The doctor's diagnosis in one line where it has looked; else what the pictures and rows tell.

        what: the run trains on: 'images', 'samples'
        """
        return (self.verdicts.line if self._finite else "") or judgement(self.signs, what)

    def logged(self, row: Row) -> None:
        self._round = int(row["round"])
        self._seen = int(row["samples"]) if "samples" in row else None
        self._finite = all(math.isfinite(row.get(name, 0.0)) for name in _LOSSES)

    def pictured(self, picture: Picture) -> None:
        if self._is_text or picture.lines is not None:
            return
        found = spread(picture.samples)
        if found is not None and self._data_spread:
            self._spreads.append(found / self._data_spread)
        self._compare(picture.round, some_values(picture.samples[:_SAMPLES]).copy())

    @property
    def signs(self) -> Signs:
        """As of now; the spread is the larger one of the last two pictures, so that a single one is no alarm."""
        spreads = self._spreads
        return Signs(
            share=self._round / self._rounds,
            seen=self._seen,
            finite=self._finite,
            spread=max(spreads[-1], spreads[-2]) if len(spreads) > 1 else None,
            spreading=len(spreads) > 1 and spreads[-1] > _GROWTH * spreads[0],
            change=self._change,
        )

    def _compare(self, round_: int, samples: NDArray[Any]) -> None:
        """Compares with the newest picture that is old enough, and keeps those that will be needed."""
        between = _BETWEEN * self._rounds
        old = [each for at, each in self._pictures if round_ - at >= between]
        self._change = _change(old[-1], samples) if old else None
        last = self._pictures[-1][0] if self._pictures else None
        if last is None or round_ - last >= between / (_PICTURES - 1):
            self._pictures.append((round_, samples))


def _change(before: NDArray[Any], after: NDArray[Any]) -> float | None:
    """The RMS difference over that of independent samples, sqrt(2) times their spread; None if they do not vary."""
    usual = spread(after)
    if before.shape != after.shape or not usual:
        return None
    difference = np.square(after.astype(np.float64) - before).mean()
    return float(math.sqrt(difference) / (math.sqrt(2) * usual))
