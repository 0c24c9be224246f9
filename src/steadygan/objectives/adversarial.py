"""Adversarial objective: a loss on the critic's scores alone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from steadygan.checks import above, refused, true_or_false, within
from steadygan.codec import OMIT_DEFAULT
from steadygan.errors import UsageError, enumerated
from steadygan.losses import Loss, Wasserstein
from steadygan.objectives.base import State
from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor

PARTS = ("critic", "generator", "needs_real", "mixes_samples", "has_labels")
"""of a loss: two functions and what a training step depends on"""


@dataclass(frozen=True)
class Adversarial:
    """A loss on the critic's scores alone: GAN, LSGAN, WGAN, hinge, relativistic."""

    loss: Loss = Wasserstein()
    """losses of critic and generator on scores"""
    real_label: float = 1.0
    """label of real samples; 0.9 is one-sided label smoothing, for losses that have labels"""
    score_scale: float = field(default=1.0, metadata=OMIT_DEFAULT)
    """a: the loss is L(a D) / a. Of a K-Lipschitz critic it sees scores as from one of a K: a small a makes any loss
    linear there, a large one shows its curvature (Qin et al. 2020)"""

    def __post_init__(self) -> None:
        missing = [name for name in PARTS if not hasattr(self.loss, name)]
        if isinstance(self.loss, type) or len(missing) == len(PARTS):
            raise refused("Adversarial.loss", self.loss, "a loss, such as losses.Hinge() (docs/extending.md)")
        if missing:
            raise UsageError(
                f"Adversarial.loss: {type(self.loss).__name__} has no {enumerated(missing)}; a loss has "
                f"{enumerated(PARTS)} (docs/extending.md)"
            )
        for flag in ("needs_real", "mixes_samples", "has_labels"):
            true_or_false(f"{type(self.loss).__name__}.{flag}", getattr(self.loss, flag))
        above("score_scale", self.score_scale, 0)
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
        if self.score_scale == 1.0:
            return self.loss.critic(real.score, fake.score, self.real_label)
        a = self.score_scale
        return self.loss.critic(a * real.score, a * fake.score, self.real_label) / a

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        reals = None if real is None else real.score
        if self.score_scale == 1.0:
            return self.loss.generator(fake.score, reals)
        a = self.score_scale
        return self.loss.generator(a * fake.score, None if reals is None else a * reals) / a

    def next_state(self, real: CriticOutput, fake: CriticOutput, state: State) -> State:
        return state
