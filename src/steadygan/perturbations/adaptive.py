"""ADA's control of the probability of a perturbation, by the critic's overfitting (Karras et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeAlias

from steadygan.checks import whole_fields, within
from steadygan.perturbations.augment import Augment
from steadygan.perturbations.diffaugment import DiffAugment
from steadygan.perturbations.instance_noise import InstanceNoise
from steadygan.types import RandomSpec, S, at_each_scale

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.perturbations.base import PerturbationLike

    Stateless: TypeAlias = PerturbationLike
else:  # the closed set that files and the command line know
    Stateless = DiffAugment | InstanceNoise | Augment


class AdaptiveState(NamedTuple):
    """State of the control, all 0-d float32 on the device."""

    probability: Tensor
    """p: probability that a sample is perturbed"""
    sign_sum: Tensor
    """the sum over steps of mean sign D(x), since p last moved"""
    steps: Tensor
    """critic steps since p last moved"""


@dataclass(frozen=True)
class Adaptive:
    """A perturbation of each sample with probability p, adapted so that r_t = E sign D(x) stays at a target (ADA).

    Karras et al. 2020 (StyleGAN2-ADA), section 3: r_t near 1 means that the critic has memorised the training set,
    and p grows; near 0, that it cannot tell real from fake, and p shrinks. Only for losses that push scores of real
    samples above 0 and of fakes below (Saturating, NonSaturating, Hinge): elsewhere the sign has no meaning.
    ``Augment`` draws for each of its transformations, as the paper does; for any other perturbation one draw decides
    whether it is applied as a whole.
    """

    perturbation: Stateless = DiffAugment()
    """what is applied to a sample with probability p"""
    target: float = 0.6
    """target of r_t"""
    images: int = 500_000
    """real images over which p can go from 0 to 1 (the paper: 500,000; 100,000 for fine-tuning)"""
    every: int = 4
    """critic steps between updates of p, over which r_t is averaged"""
    initial: float = 0.0
    """p at the start"""
    reads_signs: ClassVar[bool] = True
    """True: uses the signs of real scores"""

    def __post_init__(self) -> None:
        within("Adaptive.target", self.target, -1, 1, open_low=True, open_high=True, note="the paper: 0.6")
        whole_fields(self, "images", "every")
        within("Adaptive.initial", self.initial, 0, 1)

    def random_specs(self, shape: tuple[int, ...]) -> tuple[RandomSpec, ...]:
        inner = self.perturbation.random_specs(shape)
        return inner if self._each else (RandomSpec("uniform"), *inner)

    @property
    def _each(self) -> bool:
        """True if the perturbation draws for each of its transformations: its strength is a probability."""
        return bool(getattr(self.perturbation, "takes_probability", False))

    def strength(self, round_: int) -> float:
        """The strength of the perturbation, where it is applied."""
        return self.perturbation.strength(round_)

    def initial_state(self) -> tuple[Tensor, ...]:
        import torch

        return AdaptiveState(torch.tensor(self.initial), torch.zeros(()), torch.zeros(()))

    def apply(self, samples: S, drawn: tuple[Tensor, ...], strength: Tensor, state: tuple[Tensor, ...] = ()) -> S:
        """Samples [N, ...], perturbed where the first number is below p, or by each transformation with p."""
        import torch

        if self._each:
            return self.perturbation.apply(samples, drawn, strength * AdaptiveState(*state).probability)
        coin, *inner = drawn
        acts = coin < AdaptiveState(*state).probability

        def chosen(perturbed: Tensor, plain: Tensor) -> Tensor:
            return torch.where(acts.view(-1, *[1] * (plain.dim() - 1)), perturbed, plain)

        return at_each_scale(chosen, self.perturbation.apply(samples, tuple(inner), strength), samples)

    def next_state(self, real_scores: Tensor, state: tuple[Tensor, ...], batch: int) -> tuple[Tensor, ...]:
        """Each ``every`` steps, p + sign(r_t - target) x images since then / ``images``, clamped to [0, 1]."""
        import torch

        probability, sign_sum, steps = AdaptiveState(*state)
        sign_sum = sign_sum + real_scores.detach().sign().mean()
        steps = steps + 1
        move = (sign_sum / steps - self.target).sign() * steps * (batch / self.images)
        due = steps >= self.every
        return AdaptiveState(
            torch.where(due, (probability + move).clamp(0.0, 1.0), probability),
            torch.where(due, 0.0, sign_sum),
            torch.where(due, 0.0, steps),
        )
