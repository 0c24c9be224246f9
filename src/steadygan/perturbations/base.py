"""Protocol of perturbations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steadygan.types import RandomSpec, S

if TYPE_CHECKING:
    from torch import Tensor


class PerturbationLike(Protocol):
    """A random map of the critic's inputs, real and fake alike; pure: random numbers are drawn outside.

    Each sample is changed by its own numbers only, and differentiably as often as a penalty needs.
    """

    def random_specs(self, shape: tuple[int, ...]) -> tuple[RandomSpec, ...]:
        """The random numbers that it takes for each sample of a shape.

        Raises:
            UsageError: if it cannot perturb such samples.
        """

    def strength(self, round_: int) -> float:
        """The ``strength`` of ``apply`` in a round; evaluated on the host."""

    def initial_state(self) -> tuple[Tensor, ...]:
        """0-d tensors that change in training; () for none."""

    def apply(self, samples: S, drawn: tuple[Tensor, ...], strength: Tensor, state: tuple[Tensor, ...] = ()) -> S:
        """The perturbed samples [N, ...], in the dtype of the input.

        Args:
            samples: [N, ...]; all scales of a multi-scale image are changed alike, by the same numbers
            drawn: one [N, ...] for each of ``random_specs``; real samples and fakes have numbers of their own
            strength: 0-d
            state: from ``initial_state`` or ``next_state``
        """

    def next_state(self, real_scores: Tensor, state: tuple[Tensor, ...], batch: int) -> tuple[Tensor, ...]:
        """The state after a critic step on ``batch`` real samples, from their detached scores; no host sync."""
