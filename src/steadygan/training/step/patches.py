"""Losses of critics that score patches: the loss of every patch, its mean over patches, then over scales."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from steadygan.types import CriticOutput

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.objectives.base import ObjectiveLike, State

T = TypeVar("T")


def critic_loss(objective: ObjectiveLike, real: CriticOutput, fake: CriticOutput, state: State) -> Tensor:
    """The objective's loss of the critic, on each patch's score if the critic keeps them."""
    if real.patches is None or fake.patches is None:
        return objective.critic_loss(real, fake, state)
    pairs = zip(_by_scale(real), _by_scale(fake), strict=True)
    return _mean([objective.critic_loss(first, second, state) for first, second in pairs])


def generator_loss(objective: ObjectiveLike, real: CriticOutput | None, fake: CriticOutput, state: State) -> Tensor:
    """The objective's loss of the generator, on each patch's score if the critic keeps them."""
    if fake.patches is None:
        return objective.generator_loss(real, fake, state)
    reals = [None] * len(fake.patches) if real is None else _by_scale(real)
    pairs = zip(reals, _by_scale(fake), strict=True)
    return _mean([objective.generator_loss(first, second, state) for first, second in pairs])


def mapped(output: CriticOutput, function: Callable[[Tensor], Tensor]) -> CriticOutput:
    """A function of each tensor of an output."""

    def of(field: Tensor | tuple[Tensor, ...] | None) -> Tensor | tuple[Tensor, ...] | None:
        return tuple(map(function, field)) if isinstance(field, tuple) else None if field is None else function(field)

    return CriticOutput(*map(of, output))  # type: ignore[arg-type]


def _by_scale(output: CriticOutput) -> list[CriticOutput]:
    """The output for each scale, with the scores of all patches [N P] as its scores."""
    return [output._replace(score=scores.flatten(), patches=None) for scores in output.patches or ()]


def _mean(losses: list[Tensor]) -> Tensor:
    total = losses[0]
    for loss in losses[1:]:
        total = total + loss
    return total if len(losses) == 1 else total / len(losses)
