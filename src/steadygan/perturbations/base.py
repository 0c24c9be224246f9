"""What a training step asks of a perturbation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steadygan.types import RandomSpec, S

if TYPE_CHECKING:
    from torch import Tensor


class PerturbationLike(Protocol):
    """A map that the critic's input passes through, real and fake alike. It is pure: random numbers are drawn for it.

    Each sample is changed by its own numbers only, and differentiably as often as a penalty asks.
    """

    def random_specs(self, shape: tuple[int, ...]) -> tuple[RandomSpec, ...]:
        """The random numbers that it wants for each sample of a shape.

        Raises:
            UsageError: if it cannot perturb such samples.
        """

    def strength(self, round_: int) -> float:
        """The number that ``apply`` gets as ``strength`` in a round; evaluated on the host."""

    def initial_state(self) -> tuple[Tensor, ...]:
        """0-d tensors that change with the training; () where there are none."""

    def apply(self, samples: S, drawn: tuple[Tensor, ...], strength: Tensor, state: tuple[Tensor, ...] = ()) -> S:
        """The perturbed samples [N, ...], in the type that they came in.

        Args:
            samples: [N, ...]; all scales of a multi-scale image are changed alike, by the same numbers
            drawn: one [N, ...] for each entry of ``noise``; other numbers for real samples than for fakes
            strength: 0-d
            state: as ``initial_state`` or ``next_state`` gave it
        """

    def next_state(self, real_scores: Tensor, state: tuple[Tensor, ...], batch: int) -> tuple[Tensor, ...]:
        """The state after a critic step on ``batch`` real samples, from their detached scores; no host sync."""
