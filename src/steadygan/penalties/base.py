"""Protocols of penalties: for the critic, for the generator, and for the weights of either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from steadygan.checks import one_of, whole_number
from steadygan.errors import UsageError, enumerated
from steadygan.penalties.locations import Location, check_location
from steadygan.schedules import Schedule, check_schedule
from steadygan.types import PLAYERS, PlayerName, RandomSpec

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.networks.layers.drawn import DrawnGenerator


class PenaltyLike(Protocol):
    """A term of one player's loss: a weight times the mean of per-sample penalties.

    A schedule of weights is evaluated on the host once a round and read on the device as a 0-d tensor. Two more parts
    may be left out: ``player``, 'critic' (the default) or 'generator', and ``every`` (1), for lazy regularisation: the
    penalty is applied on every so many steps of the player, with that many times the weight.
    """

    @property
    def weight(self) -> float | Schedule: ...


class CriticPenalty(PenaltyLike, Protocol):
    """A penalty on the norms of the critic's input gradients at a sampling location, or on scores of real samples."""

    @property
    def at(self) -> Location | None:
        """Sampling location of the gradients; None: ``hold`` gets the scores of real samples instead."""

    def hold(self, gradient_norm: Tensor) -> Tensor:
        """Gradient norms (or scores) [N] to unweighted penalties [N]."""


class GeneratorPenalty(PenaltyLike, Protocol):
    """A penalty on a measurement of the generator, with state that checkpoints save."""

    @property
    def player(self) -> PlayerName:
        """'generator'"""

    sees_batch: ClassVar[bool]
    """True if a sample's penalty depends on the measurements of the whole batch"""

    def random_spec(self, shape: tuple[int, ...]) -> RandomSpec | None:
        """Random numbers that ``measure`` needs per sample of this shape; None for none."""

    def initial_state(self) -> tuple[Tensor, ...]:
        """State before the first step: 0-d tensors; () for none."""

    def measure(
        self, generator: nn.Module | DrawnGenerator, latents: Tensor, labels: Tensor | None, random: Tensor | None
    ) -> Tensor:
        """Measurements [n], differentiable in the generator's weights; a pure function.

        A generator that draws in training comes with its numbers for these latents; ``of_rows`` has those of some.
        """

    def hold(self, measured: Tensor, state: Any) -> Tensor:
        """Measurements of the whole batch [N] to unweighted penalties [N]."""

    def next_state(self, measured: Tensor, state: Any) -> tuple[Tensor, ...]:
        """The state after a step, from the detached measurements [N] of the whole batch; without host sync."""


class WeightPenalty(PenaltyLike, Protocol):
    """A penalty on the weights of a player's network, whatever the batch."""

    def of_weights(self, network: nn.Module) -> Tensor:
        """The unweighted penalty, 0-d, differentiable in the network's weights; a pure function."""


PARTS: dict[str, tuple[str, ...]] = {
    "the critic": ("weight", "at", "hold"),
    "the generator": ("weight", "sees_batch", "random_spec", "initial_state", "measure", "hold", "next_state"),
    "weights": ("weight", "of_weights"),
}
"""what a penalty has, besides its ``player`` (by default the critic) and its interval ``every`` (1)"""


def check_penalty(name: str, penalty: Any) -> None:
    """Refuses a penalty that lacks a part of its protocol, or has one of another type.

    Raises:
        UsageError: one line that names the part.
    """
    kind, player = type(penalty).__name__, getattr(penalty, "player", "critic")
    one_of(f"{name}.player", player, PLAYERS)
    what = "weights" if hasattr(penalty, "of_weights") else f"the {player}"
    missing = [part for part in PARTS[what] if not hasattr(penalty, part)]
    if missing:
        raise UsageError(
            f"{name}: {kind} has no {enumerated(missing)}; a penalty of {what} has {enumerated(PARTS[what])} "
            "(docs/extending.md)"
        )
    check_weight(f"{kind}.weight", penalty.weight)
    check_interval(f"{kind}.every", getattr(penalty, "every", 1))
    if what == "the critic" and penalty.at is not None:
        check_location(f"{kind}.at", penalty.at)


def check_weight(what: str, weight: float | Schedule) -> None:
    """Raises UsageError unless a weight, or each end of a schedule of weights, is finite and at least 0."""
    check_schedule(what, weight)


def check_interval(what: str, every: int) -> None:
    """Raises UsageError unless an interval is a whole number of steps, at least 1."""
    whole_number(what, every, 1)
