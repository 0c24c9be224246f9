"""The protocols of penalties: what a training step asks of a critic's and of a generator's penalty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from steadygan.checks import whole_number
from steadygan.penalties.locations import Location
from steadygan.schedules import Schedule, check_schedule
from steadygan.types import PlayerName, RandomSpec

if TYPE_CHECKING:
    from torch import Tensor, nn


class PenaltyLike(Protocol):
    """A term of one player's loss: a weight times the mean of per-sample penalties.

    A weight that is a schedule is evaluated on the host once a round, and read on the device as a 0-d tensor.
    """

    player: ClassVar[PlayerName]

    @property
    def weight(self) -> float | Schedule: ...
    @property
    def every(self) -> int:
        """Steps of the player between two of the penalty, which then weighs ``every`` times as much; 1: each step."""


class CriticPenalty(PenaltyLike, Protocol):
    """A penalty on the norms of the critic's input gradients at some samples, or on its scores of real samples."""

    @property
    def at(self) -> Location | None:
        """Where the gradients are taken; None: ``hold`` gets the scores of real samples instead."""

    def hold(self, gradient_norm: Tensor) -> Tensor:
        """Gradient norms (or scores) [N] to unweighted penalties [N]."""


class GeneratorPenalty(PenaltyLike, Protocol):
    """A penalty on a measurement of the generator, with state that the trainer carries and saves."""

    sees_batch: ClassVar[bool]
    """True if a sample's penalty depends on the measurements of the whole batch"""

    def random_spec(self, shape: tuple[int, ...]) -> RandomSpec | None:
        """Random numbers per sample of this shape."""

    def initial_state(self) -> tuple[Tensor, ...]:
        """0-d tensors; () for none."""

    def measure(self, generator: nn.Module, latents: Tensor, labels: Tensor | None, random: Tensor | None) -> Tensor:
        """[n], differentiable in the generator's weights; pure."""

    def hold(self, measured: Tensor, state: Any) -> Tensor:
        """Measurements of the whole batch [N] to unweighted penalties [N]."""

    def next_state(self, measured: Tensor, state: Any) -> tuple[Tensor, ...]:
        """The state after a step, from the detached measurements [N] of the whole batch; no host sync."""


def check_weight(what: str, weight: float | Schedule) -> None:
    """Raises UsageError unless a weight, or both ends of a schedule of weights, are finite and 0 or more."""
    check_schedule(what, weight)


def check_interval(what: str, every: int) -> None:
    """Raises UsageError unless an interval is a whole number of steps, 1 or more."""
    whole_number(what, every, 1)
