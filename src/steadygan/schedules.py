"""Schedules: frozen specs that map a round (0, 1, …) to a number, on the host."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from steadygan.checks import at_least, finite, is_number, refused, whole_fields, within
from steadygan.codec import DURATION
from steadygan.errors import UsageError, in_one_line


class ScheduleLike(Protocol):
    """Maps a round to a number."""

    def __call__(self, round_: int) -> float: ...


@dataclass(frozen=True)
class Constant:
    """The same number in every round."""

    value: float = 1.0
    """the number"""

    def __post_init__(self) -> None:
        finite("Constant.value", self.value)

    def __call__(self, round_: int) -> float:
        return self.value

    def times(self, factor: float) -> Constant:
        """The schedule with its values multiplied."""
        return dataclasses.replace(self, value=self.value * factor)


@dataclass(frozen=True)
class LinearDecay:
    """Linear decay from ``start`` to ``end`` over ``rounds`` rounds, then ``end``.

    WGAN-GP, App. F: rate x max(0, 1 - round / 100,000).
    """

    rounds: int = field(default=100_000, metadata=DURATION)
    """rounds until the end value is reached"""
    start: float = 1.0
    """value in round 0"""
    end: float = 0.0
    """value after these rounds"""

    def __post_init__(self) -> None:
        whole_fields(self, "rounds")
        finite("LinearDecay.start", self.start)
        finite("LinearDecay.end", self.end)

    def __call__(self, round_: int) -> float:
        done = min(1.0, max(0, round_) / self.rounds)
        return self.start + (self.end - self.start) * done

    def times(self, factor: float) -> LinearDecay:
        """The schedule with its values multiplied."""
        return dataclasses.replace(self, start=self.start * factor, end=self.end * factor)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from ``start`` to ``end`` over ``rounds`` rounds, then ``end`` (R3GAN's schedules)."""

    rounds: int = field(default=100_000, metadata=DURATION)
    """rounds until the end value is reached"""
    start: float = 1.0
    """value in round 0"""
    end: float = 0.0
    """value after these rounds"""

    def __post_init__(self) -> None:
        whole_fields(self, "rounds")
        finite("Cosine.start", self.start)
        finite("Cosine.end", self.end)

    def __call__(self, round_: int) -> float:
        done = min(1.0, max(0, round_) / self.rounds)
        return self.end + (self.start - self.end) * 0.5 * (1.0 + math.cos(math.pi * done))

    def times(self, factor: float) -> Cosine:
        """The schedule with its values multiplied."""
        return dataclasses.replace(self, start=self.start * factor, end=self.end * factor)


@dataclass(frozen=True)
class CriticWarmUp:
    """Critic steps of the original WGAN: many in warm-up rounds, few in all others.

    The official code takes 100 critic steps in rounds 0-24 and in every 500th round, and 5 in the others.
    """

    steps: int = 5
    """critic steps of an ordinary round"""
    warm_steps: int = 100
    """critic steps of a warm-up round"""
    warm_rounds: int = field(default=25, metadata=DURATION)
    """warm-up rounds at the start"""
    every: int = 500
    """rounds between later warm-up rounds; 0: none. No duration: in a shorter run they would take a larger share"""

    def __post_init__(self) -> None:
        whole_fields(self, "steps", "warm_steps")
        whole_fields(self, "warm_rounds", "every", least=0)

    def __call__(self, round_: int) -> float:
        return self.at(round_, round_)

    def at(self, position: int, round_: int) -> float:
        """The critic steps of a round of a run whose start, counted by its schedules, is at ``position``.

        Later warm-up rounds (``every``) are counted by the run's own rounds, since they are no part of its plan.
        """
        again = self.every > 0 and round_ % self.every == 0
        return float(self.warm_steps if position < self.warm_rounds or again else self.steps)

    def within(self, rounds: int) -> CriticWarmUp:
        """The schedule with a warm-up of at most a quarter of the ordinary critic steps in a run of so many rounds.

        Warm-up rounds at the start are cut first, down to one, then the steps in each; later ones (``every``) stay.
        """
        extra, allowed = self.warm_steps - self.steps, rounds * self.steps // 4
        if extra <= 0:
            return self
        again = (rounds - 1) // self.every if self.every else 0
        few = min(self.warm_rounds, max(1, allowed // extra - again))
        return dataclasses.replace(self, warm_rounds=few, warm_steps=self.steps + min(extra, allowed))


if TYPE_CHECKING:
    Schedule: TypeAlias = ScheduleLike
else:  # the closed set that files and the command line know
    Schedule = Constant | LinearDecay | Cosine | CriticWarmUp

FAR = 10**12
"""a round after the end of every schedule"""

_BETWEEN = tuple(10**exponent for exponent in range(7))
"""rounds in which a schedule is looked at, beside its ends"""


def value_at(number: float | Schedule, round_: int) -> float:
    """The value of a number, or of a schedule, in a round.

    Raises:
        UsageError: one line, for a schedule that fails there.
    """
    if not callable(number):
        return number
    try:
        return number(round_)
    except Exception as error:  # of a schedule of the user's own
        name = getattr(number, "__name__", type(number).__name__)
        raise UsageError(f"the schedule {name} fails in round {round_}: {in_one_line(error)}") from error


def times(number: float | Schedule, factor: float) -> float | Schedule | None:
    """A number or a schedule with its values multiplied; None for a kind of schedule that cannot be."""
    if is_number(number):
        return number * factor
    scaled: Schedule | None = number.times(factor) if hasattr(number, "times") else None
    return scaled


def as_schedule(name: str, number: float | Schedule) -> Schedule:
    """A schedule as it is, a number as a constant one; raises UsageError for anything else."""
    if is_number(number) and not isinstance(number, bool):
        return Constant(number)
    if not callable(number) or isinstance(number, type):
        raise refused(name, number, "a number, or a schedule")
    return number


def schedule_fields(part: object, *names: str, high: float = math.inf, open_high: bool = False) -> None:
    """Has a part's fields be schedules from 0 to ``high``, numbers as constant ones; None stays.

    Raises:
        UsageError: for anything else, and for a schedule with an end outside.
    """
    for name in names:
        number, what = getattr(part, name), f"{type(part).__name__}.{name}"
        if number is not None:
            object.__setattr__(part, name, as_schedule(what, number))
            check_schedule(what, number, high, open_high=open_high)


def check_schedule(name: str, number: float | Schedule, high: float = math.inf, *, open_high: bool = False) -> None:
    """Raises UsageError unless a number, or a schedule at its ends and some rounds between, lies from 0 to ``high``."""
    values = {name: number}
    if not is_number(number):
        schedule = as_schedule(name, number)
        values = {f"{name} at its start": value_at(schedule, 0), f"{name} at its end": value_at(schedule, FAR)}
        values |= {f"{name} in round {round_}": value_at(schedule, round_) for round_ in _BETWEEN}
    for what, value in values.items():
        if high == math.inf:
            at_least(what, value, 0)
        else:
            within(what, value, 0, high, open_high=open_high)
