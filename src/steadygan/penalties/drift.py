"""The drift penalty of ProGAN, on the scores of real samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from steadygan.codec import OMIT_DEFAULT
from steadygan.penalties.base import check_interval, check_weight
from steadygan.schedules import Schedule
from steadygan.scores import Scores, finite_number, scale_mean, score_maps, widened
from steadygan.types import PlayerName

if TYPE_CHECKING:
    from torch import Tensor


def drift_penalty(real_scores: Scores, weight: float = 1e-3) -> Tensor:
    """weight E D(x)^2: keeps the scores near 0 (ProGAN, Karras et al. 2018, App. A.1).

    Patch maps, scales and half precision are taken as by the losses (``steadygan.scores``).
    """
    finite_number(weight, "weight")
    return weight * scale_mean(lambda x: x.square().mean(), score_maps(real_scores, "real scores"))


@dataclass(frozen=True)
class Drift:
    """weight E D(x)^2 on the scores of real samples (ProGAN, App. A.1); needs no input gradient."""

    weight: float | Schedule = 1e-3
    """epsilon_drift; may be a schedule over rounds"""
    every: int = field(default=1, metadata=OMIT_DEFAULT)
    """lazy regularisation: applied on every so many critic steps, with the weight times that number"""
    player: ClassVar[PlayerName] = "critic"

    def __post_init__(self) -> None:
        check_weight("Drift.weight", self.weight)
        check_interval("Drift.every", self.every)

    @property
    def at(self) -> None:
        return None

    def hold(self, score: Tensor) -> Tensor:
        """Scores of real samples [N] to unweighted penalties [N]."""
        return widened(score).square()
