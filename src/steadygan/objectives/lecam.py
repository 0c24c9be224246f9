"""LeCam regularisation: scores stay near running averages of the other side's scores (Tseng et al. 2021)."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from steadygan.checks import at_least, whole_fields, within
from steadygan.codec import DURATION, OMIT_DEFAULT
from steadygan.objectives.adversarial import Adversarial
from steadygan.objectives.auxiliary import AuxiliaryClassifier
from steadygan.objectives.base import ObjectiveLike, State, stepped
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
def _state_type(names: tuple[str, ...], own: tuple[str, ...]) -> Callable[..., State]:
    made: Callable[..., State] = _named_tuple("LeCamState", (*names, *own))
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

    For small data. Tseng et al. 2021, Regularizing GANs under Limited Data; with the rectifiers of the authors' code,
    which has two forms of the averages. For BigGAN on CIFAR-10, weight 0.3 under the hinge loss: decay 0.9, and up to
    iteration 1,000 (``start``) no regulariser, and averages that are the last batch's means. For StyleGAN2 (the default
    here): decay 0.99 from the first step; there the averages are corrected for their start at 0, here they begin at 0,
    as the scores of a new critic. In both codes they hold the present batch; here those before it, so that the loss of
    a batch is the sum of its parts'.
    """

    base: Base = Adversarial()
    """objective of the scores"""
    weight: float = 0.3
    """weight of the regulariser in the critic's loss"""
    decay: float = 0.99
    """decay of the running averages in a critic step"""
    start: int = field(default=0, metadata=OMIT_DEFAULT | DURATION)
    """critic steps before the first one with the regulariser"""

    def __post_init__(self) -> None:
        at_least("LeCam.weight", self.weight, 0)
        within("LeCam.decay", self.decay, 0, 1)
        whole_fields(self, "start", least=0)

    @property
    def _own(self) -> tuple[str, ...]:
        """Names of its own part of the state, after the base's."""
        return ("lecam_real", "lecam_fake", *(("lecam_steps",) if self.start else ()))

    def initial_state(self) -> State:
        """The base's state, then ``lecam_real`` and ``lecam_fake``; with a ``start``, ``lecam_steps``."""
        import torch

        inner = self.base.initial_state()
        names = getattr(inner, "_fields", tuple(f"state_{i}" for i in range(len(inner))))
        return _state_type(names, self._own)(*inner, *(torch.zeros(()) for _ in self._own))

    def _split(self, state: State) -> tuple[State, State]:
        """The base's state, and its own."""
        count = len(self._own)
        return tuple(state[:-count]), tuple(state[-count:])

    def critic_loss(self, real: CriticOutput, fake: CriticOutput, state: State) -> Tensor:
        inner, (real_average, fake_average, *steps) = self._split(state)
        loss = self.base.critic_loss(real, fake, inner)
        sign = 1.0 if self.base.real_is_high else -1.0
        regulariser = lecam_regulariser(sign * real.score, sign * fake.score, sign * real_average, sign * fake_average)
        for done in steps:  # one, with a start
            regulariser = regulariser * (done >= self.start)
        return loss + self.weight * regulariser

    def generator_loss(self, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
        return self.base.generator_loss(real, fake, self._split(state)[0])

    def next_state(self, real: CriticOutput, fake: CriticOutput, state: State, passed: float = 1.0) -> State:
        """The state after a critic step, which stands for ``passed`` steps of the run that ``start`` is for."""
        inner, (real_average, fake_average, *steps) = self._split(state)
        decay: float | Tensor = self.decay
        for done in steps:
            decay = self.decay * (done >= self.start).to(done.dtype)  # 0 before: the last batch's means
        moved = (
            decay * real_average + (1.0 - decay) * real.score.mean(),
            decay * fake_average + (1.0 - decay) * fake.score.mean(),
            *(done + passed for done in steps),
        )
        make = getattr(type(state), "_make", tuple)  # a NamedTuple stays one
        updated: State = make((*stepped(self.base, real, fake, inner, passed), *moved))
        return updated
