"""The gradient penalty of WGAN-GP: the critic's gradient norms are held to a target at sampling locations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from steadygan.checks import at_least, true_or_false
from steadygan.codec import OMIT_DEFAULT
from steadygan.errors import UsageError
from steadygan.penalties.base import check_interval, check_weight
from steadygan.penalties.critic_gradients import Patches, check_samples, gradient_norm_at
from steadygan.penalties.gradient_norms import ScoreFunction, detached
from steadygan.penalties.locations import Between, Location, LocationFunction, between, check_location
from steadygan.schedules import Schedule
from steadygan.scores import finite_number
from steadygan.types import PlayerName, S

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
    patches: Patches = "mean",
) -> Tensor:
    """E (||grad D|| - target)^2 at the locations of ``at``, without weight (WGAN-GP, Gulrajani et al. 2017, eq. 3).

    Add ``10.0 * gradient_penalty(critic, real, fake)`` to the critic's loss.

    Args:
        critic: maps samples [N, ...] to scores [N], or to another output as ``steadygan.scores`` describes it; must
            score each sample by itself (no batch norm). Bind further arguments: ``lambda x: critic(x, labels)``
        real: [N, ...], a tensor or ``Scales``
        fake: [N, ...], of the same kind; its graph is not followed. Where dtypes differ, points have the wider one,
            or that of the critic's parameters (see ``gradient_norm_at``)
        target: what the gradient norm is held to
        one_sided: only norms above the target are penalised (App. C)
        at: ``between``, ``on_real``, ``on_fake``, ``near_real``, or any map (real, fake) -> points
        patches: of patch maps and scales: 'mean' or 'sum', as for ``gradient_norm_at``

    Returns:
        A scalar in float32, or float64 if the points are.

    Raises:
        ValueError: one line, for samples or scores that do not fit.
    """
    check_samples(real, "real samples")
    check_samples(fake, "fake samples")
    finite_number(target, "target")
    true_or_false("one_sided", one_sided)
    if not callable(at) or isinstance(at, type):
        raise UsageError(
            f"at is {at!r}; allowed: a function (real, fake) to points, such as penalties.between or near_real"
        )
    excess = gradient_norm_at(critic, at(detached(real), detached(fake)), patches=patches) - target
    return (excess.relu() if one_sided else excess).square().mean()


@dataclass(frozen=True)
class GradientPenalty:
    """weight E (||grad D|| - target)^2 (WGAN-GP, eq. 3; one-sided: App. C; with ``NearReal`` DRAGAN)."""

    weight: float | Schedule = 10.0
    """lambda; may be a schedule over rounds"""
    target: float = 1.0
    """what the gradient norm is held to"""
    one_sided: bool = False
    """penalise only norms above the target"""
    at: Location = Between()
    """sampling location of the gradient"""
    every: int = field(default=1, metadata=OMIT_DEFAULT)
    """lazy regularisation: applied on every so many critic steps, with the weight times that number"""
    player: ClassVar[PlayerName] = "critic"

    def __post_init__(self) -> None:
        check_weight("GradientPenalty.weight", self.weight)
        check_interval("GradientPenalty.every", self.every)
        at_least("GradientPenalty.target", self.target, 0)
        true_or_false("GradientPenalty.one_sided", self.one_sided)
        check_location("GradientPenalty.at", self.at)

    def hold(self, gradient_norm: Tensor) -> Tensor:
        """Gradient norms [N] to unweighted penalties [N]."""
        excess = gradient_norm - self.target
        return (excess.relu() if self.one_sided else excess).square()
