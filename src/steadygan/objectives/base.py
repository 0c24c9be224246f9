"""Protocol of objectives."""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor

State: TypeAlias = "tuple[Tensor, ...]"
"""A tuple (best a NamedTuple) of 0-d tensors; () for no state."""


class ObjectiveLike(Protocol):
    """Losses of critic and generator on the critic's outputs, and the state between steps.

    An objective that uses more than scores names these fields of ``CriticOutput`` in ``needs``, besides those that
    its ``base`` needs: critics without them are refused before training. One whose state counts critic steps against a
    field marked ``codec.DURATION`` has a ``next_state`` that takes ``passed: float = 1.0`` too: in a run whose end was
    moved to keep its time, a step stands for so many of those that were planned.
    """

    @property
    def needs_real(self) -> bool:
        """True if the generator loss uses the critic's outputs on real samples."""

    @property
    def mixes_samples(self) -> bool:
        """True if a sample's loss depends on others in the batch, beyond the final mean."""

    @property
    def real_is_high(self) -> bool:
        """True if a high score means real; an energy is low on real samples."""

    def initial_state(self) -> State: ...

    def critic_loss(self, real: CriticOutput, fake: CriticOutput, state: State) -> Tensor:
        """The scalar that the critic minimises."""

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        """The scalar that the generator minimises; ``real`` is given if ``needs_real``."""

    def next_state(self, real: CriticOutput, fake: CriticOutput, state: State) -> State:
        """The state after a critic step, from its detached outputs; on the device, no host sync."""


def stepped(objective: ObjectiveLike, real: CriticOutput, fake: CriticOutput, state: State, passed: float) -> State:
    """An objective's state after a critic step that stands for ``passed`` planned ones, if it counts them."""
    if passed == 1.0 or not _takes_passed(type(objective)):
        return objective.next_state(real, fake, state)
    counting: Any = objective
    moved: State = counting.next_state(real, fake, state, passed=passed)
    return moved


@cache
def _takes_passed(kind: type) -> bool:
    method = getattr(kind, "next_state", None)
    return method is not None and "passed" in inspect.signature(method).parameters
