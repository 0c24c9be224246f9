"""Claims of a paper, and their decision by an interval that was fixed in advance."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from steadygan.studies.intervals import Interval
from steadygan.studies.results import Results

Answer = Literal["holds", "does not hold", "not decided here"]


@dataclass(frozen=True)
class Decision:
    """What a study says of a claim."""

    answer: Answer
    evidence: str
    """the numbers it rests on with their intervals, in a sentence"""
    interval: Interval | None = None
    """that decided, on the scale that its rule names: of a ratio mostly that of its logarithm"""


@dataclass(frozen=True)
class Claim:
    """A sentence of a paper that can be wrong."""

    name: str
    """of few words, for tables: 'flat gradients'"""
    statement: str
    source: str
    """where it stands: 'WGAN-GP, section 3.2, figure 1b'"""
    rule: str
    """what holds or refutes it, as fixed before the trials: 'the interval of the slope lies within ±0.05 decades'"""
    decide: Callable[[Results], Decision]
    needs: str = ""
    """the scale that it may need where it does not hold here, if that is known"""


def by_sign(interval: Interval, evidence: str, *, bound: float = 0.0) -> Decision:
    """Holds if the interval lies above the bound, does not if it lies below, else is not decided."""
    if not _known(interval):
        return Decision("not decided here", evidence, interval)
    if interval.low > bound:
        return Decision("holds", evidence, interval)
    return Decision("does not hold" if interval.high < bound else "not decided here", evidence, interval)


def by_range(interval: Interval, low: float, high: float, evidence: str) -> Decision:
    """Holds if the interval lies within [low, high], does not if it lies outside, else is not decided."""
    if not _known(interval):
        return Decision("not decided here", evidence, interval)
    if low <= interval.low and interval.high <= high:
        return Decision("holds", evidence, interval)
    outside = interval.high < low or interval.low > high
    return Decision("does not hold" if outside else "not decided here", evidence, interval)


def all_of(*decisions: Decision) -> Decision:
    """Of a claim in several parts: holds if all do, does not if one does not."""
    answers = {decision.answer for decision in decisions}
    evidence = "; ".join(decision.evidence for decision in decisions)
    if "does not hold" in answers:
        return Decision("does not hold", evidence)
    return Decision("not decided here" if "not decided here" in answers else "holds", evidence)


def negated(decision: Decision) -> Decision:
    """The decision of the claim that the opposite is so."""
    turned: dict[Answer, Answer] = {"holds": "does not hold", "does not hold": "holds"}
    return dataclasses.replace(decision, answer=turned.get(decision.answer, decision.answer))


def _known(interval: Interval) -> bool:
    return all(math.isfinite(number) for number in interval[:3])
