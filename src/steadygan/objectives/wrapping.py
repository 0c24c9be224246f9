"""Objectives that add a term to another one: everything else is delegated to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadygan.objectives.base import ObjectiveLike, State, stepped
from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor


class Wrapping:
    """Delegates to ``base``; subclasses override a loss and call the base's."""

    if TYPE_CHECKING:

        @property
        def base(self) -> ObjectiveLike: ...

    @property
    def needs_real(self) -> bool:
        return self.base.needs_real

    @property
    def mixes_samples(self) -> bool:
        return self.base.mixes_samples

    @property
    def real_is_high(self) -> bool:
        return self.base.real_is_high

    def initial_state(self) -> State:
        return self.base.initial_state()

    def critic_loss(self, real: CriticOutput, fake: CriticOutput, state: State) -> Tensor:
        return self.base.critic_loss(real, fake, state)

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        return self.base.generator_loss(real, fake, state)

    def next_state(self, real: CriticOutput, fake: CriticOutput, state: State, passed: float = 1.0) -> State:
        return stepped(self.base, real, fake, state, passed)
