"""The timeline of a run whose length was planned anew while it trained: from its rounds to those of its schedules.

A run with a time limit moves its end when the speed of the machine changes. Its schedules were made for the first plan;
from the round of the change on they go through what is left of them at another pace, without a jump.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from steadygan.checks import whole_fields
from steadygan.errors import UsageError


@dataclass(frozen=True)
class Replan:
    """A new end of a run, from one of its rounds on."""

    round: int = 1
    """rounds done when it was made; it holds for all after them"""
    before: int = 3
    """length of the run before, in rounds"""
    rounds: int = 2
    """length of the run from then on, in rounds"""

    def __post_init__(self) -> None:
        whole_fields(self, "round", "before", "rounds")
        if self.round >= min(self.before, self.rounds):
            raise UsageError(
                f"a Replan at round {self.round:,} has to come before both ends, which are {self.before:,} and "
                f"{self.rounds:,}"
            )


def check_replans(replans: Sequence[Replan]) -> None:
    """Raises UsageError unless re-plans follow each other, each beginning with the end that the one before gave."""
    for last, following in pairwise(replans):
        if following.round <= last.round or following.before != last.rounds:
            raise UsageError(
                f"replans have to follow each other: one at round {last.round:,} ends the run at {last.rounds:,}, the "
                f"next one is at round {following.round:,} and changes an end at {following.before:,}"
            )


def up_to(replans: Sequence[Replan], round_: int) -> tuple[Replan, ...]:
    """The re-plans that were made by a round."""
    return tuple(replan for replan in replans if replan.round <= round_)


def position(replans: Sequence[Replan], round_: int) -> int:
    """The round of the first plan at which schedules are in a round of the run: a continuous, piecewise linear map.

    Before any re-plan it is the round itself, and at the end of the run always the end of the first plan.
    """
    at, since, end = _from(replans, round_)
    return _along(at, since, end, replans[0].before, round_) if end else round_


def pace(replans: Sequence[Replan], round_: int) -> float:
    """Rounds of the first plan that a round of the run stands for: the slope of ``position``, 1 before any re-plan."""
    at, since, end = _from(replans, round_)
    return (replans[0].before - at) / (end - since) if end else 1.0


def _from(replans: Sequence[Replan], round_: int) -> tuple[int, int, int]:
    """Where the line begins that the map follows in a round: position and round, and the run's end; 0 before any."""
    at, since, end = 0, 0, 0
    for replan in replans:
        if round_ < replan.round:
            break
        here = replan.round if not end else _along(at, since, end, replans[0].before, replan.round)
        at, since, end = here, replan.round, replan.rounds
    return at, since, end


def _along(at: int, since: int, end: int, planned: int, round_: int) -> int:
    """The position on the line from (since, at) to (end, planned)."""
    return at + (round_ - since) * (planned - at) // (end - since)
