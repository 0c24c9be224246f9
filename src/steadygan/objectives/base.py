"""What a training step asks of an objective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor

State: TypeAlias = "tuple[Tensor, ...]"
"""A tuple (best a NamedTuple) of 0-d tensors; () where an objective has none."""


class ObjectiveLike(Protocol):
    """What a training step asks of an objective.

    One that looks at more than scores may say so in ``needs``, names of fields of ``CriticOutput`` beyond those that
    its ``base`` needs: critics that do not give them are refused before training.
    """

    @property
    def needs_real(self) -> bool:
        """Does the generator loss look at the critic's outputs on real samples?"""

    @property
    def mixes_samples(self) -> bool:
        """Does a sample's loss depend on others in the batch, beyond the final mean?"""

    @property
    def real_is_high(self) -> bool:
        """Is a high score real? (An energy is low on real samples.)"""

    def initial_state(self) -> State: ...

    def critic_loss(self, real: CriticOutput, fake: CriticOutput, state: State) -> Tensor:
        """The scalar that the critic minimises."""

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        """The scalar that the generator minimises; ``real`` is given where ``needs_real``."""

    def next_state(self, real: CriticOutput, fake: CriticOutput, state: State) -> State:
        """The state after a critic step, from its detached outputs; on the device, no host sync."""
