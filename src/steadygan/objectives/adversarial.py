"""Adversarial objective: a loss on the critic's scores alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.checks import within
from steadygan.errors import UsageError
from steadygan.losses import Loss, Wasserstein
from steadygan.objectives.base import State
from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Adversarial:
    """A loss on the critic's scores alone: GAN, LSGAN, WGAN, hinge, relativistic."""

    loss: Loss = Wasserstein()
    """losses of critic and generator on scores"""
    real_label: float = 1.0
    """label of real samples; 0.9 is one-sided label smoothing, for losses that have labels"""

    def __post_init__(self) -> None:
        within("real_label", self.real_label, 0, 1, open_low=True, note="smoothing: 0.9")
        if self.real_label != 1.0 and not self.loss.has_labels:
            raise UsageError(
                f"real_label is {self.real_label}, but the {type(self.loss).__name__} loss has no labels to smooth: "
                "use NonSaturating, Saturating or LeastSquares, or leave real_label at 1"
            )

    @property
    def needs_real(self) -> bool:
        return self.loss.needs_real

    @property
    def mixes_samples(self) -> bool:
        return self.loss.mixes_samples

    @property
    def real_is_high(self) -> bool:
        return True

    def initial_state(self) -> State:
        return ()

    def critic_loss(self, real: CriticOutput, fake: CriticOutput, state: State) -> Tensor:
        return self.loss.critic(real.score, fake.score, self.real_label)

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        return self.loss.generator(fake.score, None if real is None else real.score)

    def next_state(self, real: CriticOutput, fake: CriticOutput, state: State) -> State:
        return state
