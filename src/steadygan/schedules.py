"""Numbers that change with the round: frozen specs that map a round (0, 1, …) to a float on the host."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

from steadygan.errors import UsageError


class ScheduleLike(Protocol):
    """Anything that maps a round to a number."""

    def __call__(self, round_: int) -> float: ...


def _need(condition: bool, text: str) -> None:
    if not condition:
        raise UsageError(text)


def _need_finite(name: str, number: float) -> None:
    _need(math.isfinite(number), f"{name} is {number}; it has to be a finite number")


@dataclass(frozen=True)
class Constant:
    """The same number in every round."""

    value: float = 1.0

    def __post_init__(self) -> None:
        _need_finite("Constant.value", self.value)

    def __call__(self, round_: int) -> float:
        return self.value


@dataclass(frozen=True)
class LinearDecay:
    """From ``start`` to ``end`` in a straight line over ``rounds`` rounds, then ``end``.

    WGAN-GP, App. F: rate x max(0, 1 - round / 100,000).
    """

    rounds: int = 100_000
    start: float = 1.0
    end: float = 0.0

    def __post_init__(self) -> None:
        _need(self.rounds >= 1, f"LinearDecay.rounds is {self.rounds}; it has to be 1 or more")
        _need_finite("LinearDecay.start", self.start)
        _need_finite("LinearDecay.end", self.end)

    def __call__(self, round_: int) -> float:
        done = min(1.0, max(0, round_) / self.rounds)
        return self.start + (self.end - self.start) * done


@dataclass(frozen=True)
class Cosine:
    """From ``start`` to ``end`` along half a cosine over ``rounds`` rounds, then ``end`` (R3GAN's schedules)."""

    rounds: int = 100_000
    start: float = 1.0
    end: float = 0.0

    def __post_init__(self) -> None:
        _need(self.rounds >= 1, f"Cosine.rounds is {self.rounds}; it has to be 1 or more")
        _need_finite("Cosine.start", self.start)
        _need_finite("Cosine.end", self.end)

    def __call__(self, round_: int) -> float:
        done = min(1.0, max(0, round_) / self.rounds)
        return self.end + (self.start - self.end) * 0.5 * (1.0 + math.cos(math.pi * done))


@dataclass(frozen=True)
class CriticWarmUp:
    """Critic steps of the original WGAN: many at the start and now and then, few otherwise.

    The official code takes 100 critic steps in rounds 0-24 and in every 500th round, and 5 in the others.
    """

    steps: int = 5
    """critic steps of an ordinary round"""
    warm_steps: int = 100
    """critic steps of a warm-up round"""
    warm_rounds: int = 25
    """how many rounds at the start are warm-up rounds"""
    every: int = 500
    """each round divisible by this is a warm-up round too; 0 for none"""

    def __post_init__(self) -> None:
        _need(self.steps >= 1, f"CriticWarmUp.steps is {self.steps}; it has to be 1 or more")
        _need(self.warm_steps >= 1, f"CriticWarmUp.warm_steps is {self.warm_steps}; it has to be 1 or more")
        _need(self.warm_rounds >= 0, f"CriticWarmUp.warm_rounds is {self.warm_rounds}; it has to be 0 or more")
        _need(self.every >= 0, f"CriticWarmUp.every is {self.every}; it has to be 0 (never) or more")

    def __call__(self, round_: int) -> float:
        again = self.every > 0 and round_ % self.every == 0
        return float(self.warm_steps if round_ < self.warm_rounds or again else self.steps)

    def within(self, rounds: int) -> CriticWarmUp:
        """The same with a warm-up that costs a run of so many rounds a quarter of its ordinary critic steps at most.

        First fewer rounds at the start, down to one, then fewer steps in each; what ``every`` brings back stays.
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

_FAR = 10**12  # a round that lies behind the end of every schedule


def value_at(number: float | Schedule, round_: int) -> float:
    """The value of a number, or of a schedule, in a round."""
    return number if isinstance(number, int | float) else number(round_)


def check_schedule(name: str, schedule: Schedule, highest: float = math.inf) -> None:
    """Refuses a schedule that begins or ends outside [0, highest].

    Raises:
        UsageError: says which end, what was got and what is allowed.
    """
    for verb, round_ in (("begins", 0), ("ends", _FAR)):
        value = schedule(round_)
        allowed = "0 or more" if highest == math.inf else f"0 to {highest:g}"
        _need(0.0 <= value <= highest, f"{name} {verb} with {value}; allowed: {allowed}")
