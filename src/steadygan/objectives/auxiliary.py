"""AC-GAN: the critic also classifies samples, and the generator is conditioned on the class (Odena et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

from steadygan.checks import at_least
from steadygan.errors import UsageError
from steadygan.objectives.adversarial import Adversarial
from steadygan.objectives.base import ObjectiveLike, State
from steadygan.objectives.wrapping import Wrapping
from steadygan.scores import widened
from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor

    Base: TypeAlias = ObjectiveLike
else:
    Base = Adversarial


@dataclass(frozen=True)
class AuxiliaryClassifier(Wrapping):
    """Another objective, plus the cross-entropy of the critic's class logits with the labels of the samples.

    Odena et al. 2017, AC-GAN: classifies real and fake samples, all weights 1. The defaults are those of the WGAN-GP
    authors' code: the critic learns the classes from real samples alone.
    """

    base: Base = Adversarial()
    """objective of the scores"""
    critic_weight: float = 1.0
    """weight of the cross-entropy in the critic's loss"""
    generator_weight: float = 0.1
    """weight of the cross-entropy of fakes in the generator's loss"""
    classify_fakes: bool = False
    """let the critic learn classes from fakes too, labelled as they were asked for"""
    needs: ClassVar[tuple[str, ...]] = ("class_logits",)

    def __post_init__(self) -> None:
        at_least("AuxiliaryClassifier.critic_weight", self.critic_weight, 0)
        at_least("AuxiliaryClassifier.generator_weight", self.generator_weight, 0)

    def critic_loss(self, real: CriticOutput, fake: CriticOutput, state: State) -> Tensor:
        error = _cross_entropy(real)
        if self.classify_fakes:
            error = error + _cross_entropy(fake)
        return self.base.critic_loss(real, fake, state) + self.critic_weight * error

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        return self.base.generator_loss(real, fake, state) + self.generator_weight * _cross_entropy(fake)


def _cross_entropy(output: CriticOutput) -> Tensor:
    import torch.nn.functional as F

    if output.class_logits is None:
        raise UsageError("AuxiliaryClassifier needs a critic that classifies: set class_logits of the critic to true")
    if output.labels is None:
        raise UsageError("AuxiliaryClassifier needs labels: take data that has them, or another objective")
    return F.cross_entropy(widened(output.class_logits), output.labels)
