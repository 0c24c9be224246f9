"""The rounds after which a training is looked at: a pure function of its length and of the work of rounds and looks.

No clock has a part in it, so that a run that was resumed is looked at in the same rounds.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property

from steadygan.checks import above, whole_number, within

LOOKS = 40
"""looks of a run that is long enough"""
EARLY = 12
"""of them, in geometric steps before the others"""
SHARE = 0.04
"""of the work of a training that looks may take by what is known before it; measured, this must stay below 5%"""
FEW, LEAST = 8, 4
"""looks below which what costs most is left out, for more of them; below which there are none, as a diagnosis needs
four: of fewer, faults may be said of a training that has only begun"""
DEEP = 4
"""every so many looks, what costs most is measured too"""
_FIRST = 0.002  # of the rounds: the first look, at the earliest
_GROWTH = 1.25  # of the rounds between looks at a training whose length is not known


@dataclass(frozen=True)
class Schedule:
    """Looks by round, and those at which the costly signals are measured too."""

    rounds: tuple[int, ...] = ()
    """ascending"""
    deep: frozenset[int] = frozenset()

    def due(self, round_: int) -> bool:
        """True if there is a look after so many rounds."""
        return round_ in self._known

    @cached_property
    def _known(self) -> frozenset[int]:
        return frozenset(self.rounds)

    def between(self, first: int, last: int) -> int:
        """How many looks there are from round ``first`` to ``last``."""
        return bisect_right(self.rounds, last) - bisect_right(self.rounds, first - 1)


def schedule(
    rounds: int, round_work: float, look_work: float, *, deep_work: float = 0.0, once: float = 0.0, share: float = SHARE
) -> Schedule:
    """The looks at a training of so many rounds.

    Up to 40: a third of them, 12 at most, in geometric steps from .2% of the rounds on, as what goes wrong often does
    so early; the others in equal steps to the last round. As many fewer as keeps their work below ``share`` of the
    training's, none where not even four do. A short training, whose share is less than 8 such looks, has up to 8 that
    leave out what costs most, but for the last one where there is time.

    Args:
        rounds: of the training
        round_work: of a round, in any unit
        look_work: of a look, in the same unit
        deep_work: what a deep look, every fourth and the last one, takes beyond it
        once: what the first look takes beyond it
        share: of all rounds' work that looks may take
    """
    whole_number("rounds", rounds)
    above("round_work", round_work, 0)
    above("look_work", look_work, 0)
    within("share", share, 0, 1)
    budget = share * rounds * round_work - once
    count, costly = min(LOOKS, rounds), True
    while count and count * look_work + _deep_looks(count) * deep_work > budget:
        count -= 1
    if count < FEW and deep_work:
        count = max(0, min(FEW, rounds, int(budget / look_work)))
        costly = False
    count = count if count >= LEAST else 0
    early = min(EARLY, count // 3)
    spaced = [-(-rounds * (i + 1) // (count - early)) for i in range(count - early)]
    first = max(1, round(_FIRST * rounds))
    looks = {*_geometric(first, spaced[0], early), *spaced} if count else set()
    ordered = tuple(sorted(looks))
    if costly:
        return Schedule(ordered, frozenset({*ordered[DEEP - 1 :: DEEP], *ordered[-1:]}))
    last = ordered[-1:] if len(ordered) * look_work + deep_work <= budget else ()
    return Schedule(ordered, frozenset(last))


def growing(round_: int, last: int) -> int:
    """The next look at a training whose length is not known, after the last one (0: none yet) and so many rounds."""
    return max(round_ + 1, 16, int(last * _GROWTH))


def _deep_looks(count: int) -> int:
    return -(-count // DEEP)


def _geometric(first: int, end: int, count: int) -> list[int]:
    """``count`` rounds from ``first`` up to, but without, ``end``, each the same factor above the last."""
    if count < 1 or end <= first:
        return []
    return [round(first * (end / first) ** (i / count)) for i in range(count)]
