"""Feature matching: the generator matches the mean of the critic's features (Salimans et al. 2016, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from steadygan.checks import at_least
from steadygan.errors import UsageError
from steadygan.objectives.adversarial import Adversarial
from steadygan.objectives.auxiliary import AuxiliaryClassifier
from steadygan.objectives.base import ObjectiveLike, State
from steadygan.objectives.wrapping import Wrapping
from steadygan.scores import widened
from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor

    Base: TypeAlias = ObjectiveLike
else:
    Base = Adversarial | AuxiliaryClassifier


def feature_matching_loss(real: Tensor, fake: Tensor) -> Tensor:
    """||E f(x) - E f(g)||_2^2 of features f, [N, width] each, a scalar (Salimans et al. 2016).

    Feature maps [N, ...] are taken too; the numbers of samples may differ. Half precision is reduced in float32.

    Raises:
        UsageError: for features of different shapes, which would be broadcast, and for empty batches.
    """
    if real.shape[1:] != fake.shape[1:] or real.dim() < 2 or not real.numel() or not fake.numel():
        raise UsageError(
            f"real features have shape {list(real.shape)}, fake features {list(fake.shape)}; "
            "needed: [N, width] of one width"
        )
    return (widened(real).mean(0) - widened(fake).mean(0)).square().sum()


@dataclass(frozen=True)
class FeatureMatching(Wrapping):
    """Another objective, with the generator loss replaced by feature matching.

    Salimans et al. 2016, Improved Techniques for Training GANs: the critic's loss is unchanged.
    """

    base: Base = Adversarial()
    """objective of the scores"""
    weight: float = 1.0
    """weight of feature matching in the generator's loss"""
    base_weight: float = 0.0
    """weight of the base's own generator loss; 0 in the paper"""
    needs: ClassVar[tuple[str, ...]] = ("features",)

    def __post_init__(self) -> None:
        at_least("FeatureMatching.weight", self.weight, 0)
        at_least("FeatureMatching.base_weight", self.base_weight, 0)
        if not self.weight and not self.base_weight:
            raise UsageError("FeatureMatching.weight and base_weight are both 0: the generator would learn nothing")

    @property
    def needs_real(self) -> bool:
        return True

    @property
    def mixes_samples(self) -> bool:
        return True

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        if real is None:
            raise TypeError(
                "FeatureMatching compares fake with real features: pass the critic's output on real samples"
            )
        if real.features is None or fake.features is None:
            raise UsageError("FeatureMatching needs the critic's features: set features of the critic to true")
        matched = self.weight * feature_matching_loss(real.features.detach(), fake.features)
        if not self.base_weight:
            return matched
        return matched + self.base_weight * self.base.generator_loss(real, fake, state)
