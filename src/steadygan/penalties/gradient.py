"""The gradient penalty of WGAN-GP: slopes are held to a number, at a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.checks import at_least
from steadygan.penalties.base import check_weight
from steadygan.penalties.gradient_norms import ScoreFunction, detached, gradient_norm_at
from steadygan.penalties.locations import Between, Location, LocationFunction, between
from steadygan.schedules import Schedule
from steadygan.types import S

if TYPE_CHECKING:
    from torch import Tensor


def gradient_penalty(
    critic: ScoreFunction,
    real: S,
    fake: S,
    *,
    target: float = 1.0,
    one_sided: bool = False,
    at: LocationFunction = between,
) -> Tensor:
    """E (slope - target)^2 at points given by ``at``, a scalar without weight (WGAN-GP, Gulrajani et al. 2017, eq. 3).

    Add ``10.0 * gradient_penalty(critic, real, fake)`` to the critic's loss.

    Args:
        critic: maps samples [N, ...] to scores [N]; must score each sample by itself (no batch norm)
        real: [N, ...], a tensor or ``Scales``
        fake: [N, ...], of the same kind; its graph is not followed
        target: what the slope is held to
        one_sided: only slopes above the target cost (App. C)
        at: ``between``, ``on_real``, ``on_fake``, ``near_real``, or any map (real, fake) -> points

    Raises:
        ValueError: if the critic does not answer with one score a sample.
    """
    slope = gradient_norm_at(critic, at(detached(real), detached(fake)))
    excess = slope - target
    return (excess.relu() if one_sided else excess).square().mean()


@dataclass(frozen=True)
class GradientPenalty:
    """weight E (slope - target)^2 (WGAN-GP, eq. 3; one-sided: App. C; with another place DRAGAN)."""

    weight: float | Schedule = 10.0
    """lambda; a schedule: by round"""
    target: float = 1.0
    """what the slope is held to"""
    one_sided: bool = False
    """only slopes above the target cost"""
    at: Location = Between()
    """where the gradient is taken"""

    def __post_init__(self) -> None:
        check_weight("GradientPenalty.weight", self.weight)
        at_least("GradientPenalty.target", self.target, 0)

    def hold(self, slope: Tensor) -> Tensor:
        """Slopes [N] to unweighted penalties [N]."""
        excess = slope - self.target
        return (excess.relu() if self.one_sided else excess).square()
