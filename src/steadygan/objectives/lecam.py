"""LeCam regularisation: scores stay near running averages of the other side's scores (Tseng et al. 2021)."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from steadygan.checks import at_least, within
from steadygan.objectives.adversarial import Adversarial
from steadygan.objectives.auxiliary import AuxiliaryClassifier
from steadygan.objectives.base import ObjectiveLike, State
from steadygan.objectives.matching import FeatureMatching
from steadygan.objectives.wrapping import Wrapping
from steadygan.scores import Scores, both_score_maps, scale_mean, single_number
from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor

    Base: TypeAlias = ObjectiveLike
else:
    Base = Adversarial | AuxiliaryClassifier | FeatureMatching

_named_tuple: Callable[..., Any] = namedtuple  # mypy wants to know its fields beforehand


@cache  # a second type of the same fields would be compiled again
def _state_type(names: tuple[str, ...]) -> Callable[..., State]:
    made: Callable[..., State] = _named_tuple("LeCamState", (*names, "lecam_real", "lecam_fake"))
    return made


def lecam_regulariser(real: Scores, fake: Scores, real_average: Tensor | float, fake_average: Tensor | float) -> Tensor:
    """E relu(D(x) - average of D(g))^2 + E relu(average of D(x) - D(g))^2, a scalar without weight.

    Args:
        real: D(x), [N]; patch maps, scales and half precision as ``steadygan.scores`` says
        fake: D(g), the same
        real_average: running average of D(x), 0-d
        fake_average: running average of D(g), 0-d

    Raises:
        UsageError: for scores of another form, and for averages of more than one number.
    """
    of_real = single_number(real_average, "the running average of real scores")
    of_fake = single_number(fake_average, "the running average of fake scores")

    def loss(x: Tensor, g: Tensor) -> Tensor:
        return (x - of_fake).relu().square().mean() + (of_real - g).relu().square().mean()

    return scale_mean(loss, *both_score_maps(real, fake))


@dataclass(frozen=True)
class LeCam(Wrapping):
    """Another objective, plus LeCam regularisation, which limits the distance of real and fake scores.

    For small data. Tseng et al. 2021, Regularizing GANs under Limited Data; with the rectifiers of published code.
    The averages begin at 0, as the scores of a new critic. The weight is that of the authors' scripts for BigGAN on
    CIFAR-10, under the hinge loss; the decay is unconfirmed.
    """

    base: Base = Adversarial()
    """objective of the scores"""
    weight: float = 0.3
    """weight of the regulariser in the critic's loss"""
    decay: float = 0.99
    """decay of the running averages in a critic step"""

    def __post_init__(self) -> None:
        at_least("LeCam.weight", self.weight, 0)
        within("LeCam.decay", self.decay, 0, 1)

    def initial_state(self) -> State:
        """The base's state, then ``lecam_real`` and ``lecam_fake``."""
        import torch

        inner = self.base.initial_state()
        names = getattr(inner, "_fields", tuple(f"state_{i}" for i in range(len(inner))))
        return _state_type(names)(*inner, torch.zeros(()), torch.zeros(()))

    def critic_loss(self, real: CriticOutput, fake: CriticOutput, state: State) -> Tensor:
        *inner, real_average, fake_average = state
        loss = self.base.critic_loss(real, fake, tuple(inner))
        sign = 1.0 if self.base.real_is_high else -1.0
        regulariser = lecam_regulariser(sign * real.score, sign * fake.score, sign * real_average, sign * fake_average)
        return loss + self.weight * regulariser

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        return self.base.generator_loss(real, fake, state[:-2])

    def next_state(self, real: CriticOutput, fake: CriticOutput, state: State) -> State:
        *inner, real_average, fake_average = state
        moved = (
            self.decay * real_average + (1.0 - self.decay) * real.score.mean(),
            self.decay * fake_average + (1.0 - self.decay) * fake.score.mean(),
        )
        make = getattr(type(state), "_make", tuple)  # a NamedTuple stays one
        updated: State = make((*self.base.next_state(real, fake, tuple(inner)), *moved))
        return updated
