"""Progressive growing: a run in stages of rising resolution, by the number of real images shown (Karras et al. 2018).

A run begins with the smallest maps. Each further level fades in over some images and is then trained as it is over as
many more as the plan says; the last level lasts until the end of the run. A stage is a level that fades in, or one that
stands. Torch-free.
"""

from __future__ import annotations

import dataclasses
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from steadygan.checks import above, whole_fields, whole_number
from steadygan.codec import DURATION
from steadygan.errors import UsageError


class Stage(NamedTuple):
    """Where a growing run is in a round."""

    number: int
    """0: the first level; odd ones fade a level in; the last one is the full size"""
    fade: float
    """share of the level below: from 1 at the beginning of a fade to 0, and 0 where nothing fades"""

    @property
    def level(self) -> int:
        """The level that trains, or fades in: 0 has the smallest maps."""
        return (self.number + 1) // 2

    @property
    def fades(self) -> bool:
        """True if the level is fading in."""
        return self.number % 2 == 1


@dataclass(frozen=True)
class Growth:
    """Growing of both networks from their smallest maps to their full size, over real images shown.

    ``batch`` and the optimizers' rates are those of the full size. The moments of the optimizers begin anew with each
    stage (authors' code). A run that is stretched to another length stretches the images of its stages.
    """

    stable: int = field(default=600_000, metadata=DURATION)
    """real images shown at a level before the next one fades in"""
    fading: int = field(default=600_000, metadata=DURATION)
    """real images shown while a level fades in"""
    batches: tuple[int, ...] = (16, 16, 16)
    """batch at each level below the full size, from the smallest maps up: their number is that of the doublings"""
    rate_factors: tuple[float, ...] = ()
    """factors of both learning rates at these levels; none: 1"""

    def __post_init__(self) -> None:
        whole_fields(self, "stable", "fading")
        for name in ("batches", "rate_factors"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        if not self.batches:
            raise UsageError("Growth.batches is empty; it has the batch of each level below the full size")
        for batch in self.batches:
            whole_number("Growth.batches", batch)
        for factor in self.rate_factors:
            above("Growth.rate_factors", factor, 0)
        if self.rate_factors and len(self.rate_factors) != len(self.batches):
            raise UsageError(
                f"Growth.rate_factors has {len(self.rate_factors)} numbers, Growth.batches {len(self.batches)}: "
                "one for each level below the full size, or no factors"
            )

    def one_batch(self, full: int) -> int | None:
        """The batch of all levels, with that of the full size; None if they differ."""
        return full if set(self.batches) == {full} else None

    @property
    def levels(self) -> int:
        """Number of levels, with the full size."""
        return len(self.batches) + 1

    @property
    def stages(self) -> int:
        """Number of stages."""
        return 2 * self.levels - 1

    def batch(self, level: int, full: int) -> int:
        """The batch at a level, ``full`` at the full size."""
        return self.batches[level] if level < len(self.batches) else full

    def rate_factor(self, level: int) -> float:
        """Factor of the learning rates at a level."""
        return self.rate_factors[level] if level < len(self.rate_factors) else 1.0

    def starts(self, full: int, steps: int = 1) -> tuple[int, ...]:
        """The round that each stage begins with: the first one with all images of the stages before it.

        Args:
            full: batch at the full size
            steps: critic steps a round, each with a batch of real images
        """
        return _starts(self, full, steps)

    def at(self, round_: int, full: int, steps: int = 1) -> Stage:
        """The stage of a round, with what is left of its fade at the beginning of the round."""
        starts = self.starts(full, steps)
        number = bisect_right(starts, round_) - 1
        if number % 2 == 0:
            return Stage(number, 0.0)
        length = starts[number + 1] - starts[number]
        return Stage(number, 1.0 - (round_ - starts[number]) / length)

    def images_before(self, round_: int, full: int, steps: int = 1) -> int:
        """Real images that are shown before a round."""
        starts = self.starts(full, steps)
        ends = (*starts[1:], round_)
        spans = zip(range(self.stages), starts, ends, strict=True)
        return sum(
            max(0, min(end, round_) - start) * self.batch((number + 1) // 2, full) * steps
            for number, start, end in spans
        )

    def rounds(self, images: int, full: int, steps: int = 1) -> int:
        """Rounds in which so many real images are shown, at least one of the full size."""
        last = self.starts(full, steps)[-1]
        left = images - self.images_before(last, full, steps)
        return last + max(1, -(-left // (full * steps)))

    def divided(self, batches: Iterable[int], processes: int) -> Growth:
        """The growth of a process's share, with its batches; stages have the rounds of the whole."""
        stable, fading = -(-self.stable // processes), -(-self.fading // processes)
        return dataclasses.replace(self, batches=tuple(batches), stable=stable, fading=fading)


@lru_cache(maxsize=256)
def _starts(growth: Growth, full: int, steps: int) -> tuple[int, ...]:
    starts, shown, until = [0], 0, 0
    for number in range(growth.stages - 1):
        until += growth.fading if number % 2 else growth.stable
        batch = growth.batch((number + 1) // 2, full) * steps
        rounds = max(1, -(-(until - shown) // batch))
        shown += rounds * batch
        starts.append(starts[-1] + rounds)
    return tuple(starts)
