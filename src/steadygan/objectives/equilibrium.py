"""BEGAN: an autoencoder critic whose weight of fakes, k_t, keeps the balance of both losses (Berthelot et al. 2017)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from steadygan.checks import at_least, within
from steadygan.objectives.base import State
from steadygan.scores import widened
from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor


class EquilibriumState(NamedTuple):
    """State of ``BoundaryEquilibrium``."""

    k: Tensor
    """k_t, the weight of the fakes in the critic's loss, in [0, 1]"""
    convergence: Tensor
    """M of the last critic step; falls while training progresses"""
    convergence_mean: Tensor
    """running mean of M, for ``Plateau`` and ``run.keep_best``; 0 before the first step"""


@dataclass(frozen=True)
class BoundaryEquilibrium:
    """BEGAN: the critic reconstructs real samples well and fakes badly, by a weight k_t that keeps the balance.

    With L the reconstruction error (the score), per batch: L_D = L(x) - k_t L(g), L_G = L(g),
    k_{t+1} = clip(k_t + rate (gamma L(x) - L(g)), 0, 1) from k_0 = 0, and the measure of convergence
    M = L(x) + |gamma L(x) - L(g)|. The balance is taken on the fakes of the critic step.
    Berthelot et al. 2017, BEGAN.
    """

    gamma: float = 0.5
    """target of the diversity ratio E L(g) / E L(x): low for sharper, high for more diverse samples"""
    rate: float = 0.001
    """lambda_k: step size of k_t"""
    least: float = 0.0
    """k_0, and lower bound of k_t; 0 in the paper"""
    horizon: float = 200.0
    """critic steps of the running mean of M: each moves it by 1 / horizon"""

    def __post_init__(self) -> None:
        within("BoundaryEquilibrium.gamma", self.gamma, 0, 1, open_low=True, note="at 0 no fake would ever count")
        at_least("BoundaryEquilibrium.rate", self.rate, 0)
        within("BoundaryEquilibrium.least", self.least, 0, 1)
        within("BoundaryEquilibrium.horizon", self.horizon, 1, math.inf, note="critic steps")

    @property
    def needs(self) -> tuple[str, ...]:
        """A critic with a code is an autoencoder, whose score is a reconstruction error."""
        return ("code",)

    @property
    def needs_real(self) -> bool:
        return False

    @property
    def mixes_samples(self) -> bool:
        return False

    @property
    def real_is_high(self) -> bool:
        return False

    def initial_state(self) -> State:
        import torch

        return EquilibriumState(torch.full((), self.least), torch.zeros(()), torch.zeros(()))

    def critic_loss(self, real: CriticOutput, fake: CriticOutput, state: State) -> Tensor:
        return widened(real.score).mean() - state[0] * widened(fake.score).mean()

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        return widened(fake.score).mean()

    def next_state(self, real: CriticOutput, fake: CriticOutput, state: State) -> State:
        import torch

        k, _, mean = state
        error = widened(real.score).mean()
        balance = self.gamma * error - widened(fake.score).mean()
        convergence = error + balance.abs()
        return EquilibriumState(
            (k + self.rate * balance).clamp(self.least, 1.0),
            convergence,
            torch.where(mean == 0.0, convergence, mean + (convergence - mean) / self.horizon),
        )
