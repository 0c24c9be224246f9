"""The window of looks over which the samples of fixed latents are followed: what a look remembers of those before.

It is all that a looker keeps, so a checkpoint holds it, and a resumed run measures the same movements.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from steadygan.diagnostics.signals.bins import moved
from steadygan.diagnostics.signals.movement import displacement, movement

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from steadygan.metrics.arrays import Rows

WIDTH = 6
"""looks whose path is compared with the way from the first of them to the last"""


class Window:
    """Samples of fixed latents at the last looks, at some places of each sample, and the rounds of these looks."""

    def __init__(self, saved: Mapping[str, NDArray[np.generic]] | None = None) -> None:
        """
        Args:
            saved: what ``state`` gave; an incomplete one counts as none
        """
        self.rounds: list[int] = []
        self.samples: list[NDArray[np.float32]] = []
        self.looks = 0
        """how often it was looked, in all"""
        self.counts: NDArray[np.int64] | None = None
        """samples of the last look in each bin of the data"""
        if saved and {"rounds", "samples", "looks"} <= set(saved) and len(saved["rounds"]) == len(saved["samples"]):
            self.rounds = [int(round_) for round_ in saved["rounds"]]
            self.samples = list(np.asarray(saved["samples"], dtype=np.float32))
            self.looks = int(saved["looks"][0])
            self.counts = np.asarray(saved["counts"], np.int64) if "counts" in saved else None

    @property
    def state(self) -> dict[str, NDArray[np.generic]]:
        """Arrays by name; none before the first look."""
        if not self.looks:
            return {}
        looks = np.array([self.looks], np.int64)
        counted = {} if self.counts is None else {"counts": self.counts}
        return {"rounds": np.array(self.rounds, np.int64), "samples": np.array(self.samples), "looks": looks, **counted}

    def counted(self, counts: NDArray[np.int64]) -> dict[str, float]:
        """How much the samples' histogram [K] over the data's bins changed since the last look."""
        before, self.counts = self.counts, counts
        return {} if before is None or before.shape != counts.shape else {"bins_moved": moved(before, counts)}

    @property
    def last(self) -> int:
        """Round of the last look with samples; 0 without one."""
        return self.rounds[-1] if self.rounds else 0

    def add(self, round_: int, rows: Rows, deviation: float) -> dict[str, float]:
        """The movement since the last look, and its directness over the window.

        Args:
            round_: of this look
            rows: [N, P] numbers of the samples of fixed latents at P places
            deviation: of the data at these places
        """
        if self.samples and self.samples[0].shape != rows.shape:
            self.rounds, self.samples = [], []
        self.rounds = [*self.rounds, round_][-WIDTH:]
        self.samples = [*self.samples, np.asarray(rows, np.float32)][-WIDTH:]
        if len(self.rounds) < 2 or not deviation > 0:
            return {}
        before, now = self.samples[-2:]
        passed = self.rounds[-1] - self.rounds[-2]
        rate = displacement(before, now, deviation, rounds=passed)
        found = {"move": rate * passed, "move_rate": rate}
        if len(self.rounds) > 2:
            found["directness"] = movement(self.samples, deviation).directness
        return found
