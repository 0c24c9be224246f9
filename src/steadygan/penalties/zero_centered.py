"""R1 and R2: zero-centred gradient penalties on real samples and on fakes (Mescheder et al. 2018)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from steadygan.codec import OMIT_DEFAULT
from steadygan.penalties.base import check_interval, check_weight
from steadygan.penalties.critic_gradients import Patches, gradient_norm_at
from steadygan.penalties.gradient_norms import ScoreFunction
from steadygan.penalties.locations import Location, OnFake, OnReal
from steadygan.schedules import Schedule
from steadygan.scores import finite_number
from steadygan.types import PlayerName, Sample

if TYPE_CHECKING:
    from torch import Tensor


def r1_penalty(critic: ScoreFunction, real: Sample, gamma: float = 10.0, *, patches: Patches = "mean") -> Tensor:
    """gamma/2 E ||grad D||^2 on real samples, a scalar (Mescheder et al. 2018, eq. 9).

    Critic and ``patches`` as for ``gradient_norm_at``; with ``every`` steps between two, multiply by ``every``.
    """
    finite_number(gamma, "gamma")
    return 0.5 * gamma * gradient_norm_at(critic, real, patches=patches).square().mean()


def r2_penalty(critic: ScoreFunction, fake: Sample, gamma: float = 10.0, *, patches: Patches = "mean") -> Tensor:
    """gamma/2 E ||grad D||^2 on fake samples, a scalar (Mescheder et al. 2018).

    Critic and ``patches`` as for ``gradient_norm_at``; the fakes' graph is not followed.
    """
    finite_number(gamma, "gamma")
    return 0.5 * gamma * gradient_norm_at(critic, fake, patches=patches).square().mean()


@dataclass(frozen=True)
class R1:
    """gamma/2 E ||grad D||^2 on real samples (Mescheder et al. 2018)."""

    gamma: float | Schedule = 10.0
    """twice the weight of the squared gradient norm; may be a schedule over rounds"""
    every: int = field(default=1, metadata=OMIT_DEFAULT)
    """lazy regularisation: applied on every so many critic steps, with the weight times that number"""
    player: ClassVar[PlayerName] = "critic"

    def __post_init__(self) -> None:
        check_weight("R1.gamma", self.gamma)
        check_interval("R1.every", self.every)

    @property
    def weight(self) -> float | Schedule:
        return self.gamma

    @property
    def at(self) -> Location:
        return OnReal()

    def hold(self, gradient_norm: Tensor) -> Tensor:
        """Gradient norms [N] to unweighted penalties [N]."""
        return 0.5 * gradient_norm.square()


@dataclass(frozen=True)
class R2:
    """gamma/2 E ||grad D||^2 on fake samples (Mescheder et al. 2018)."""

    gamma: float | Schedule = 10.0
    """twice the weight of the squared gradient norm; may be a schedule over rounds"""
    every: int = field(default=1, metadata=OMIT_DEFAULT)
    """lazy regularisation: applied on every so many critic steps, with the weight times that number"""
    player: ClassVar[PlayerName] = "critic"

    def __post_init__(self) -> None:
        check_weight("R2.gamma", self.gamma)
        check_interval("R2.every", self.every)

    @property
    def weight(self) -> float | Schedule:
        return self.gamma

    @property
    def at(self) -> Location:
        return OnFake()

    def hold(self, gradient_norm: Tensor) -> Tensor:
        """Gradient norms [N] to unweighted penalties [N]."""
        return 0.5 * gradient_norm.square()
