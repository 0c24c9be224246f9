"""What a step does before its optimizer: the loss of some rows, and its gradients on the player's parameters.

Gradients are added to those that are there, so that parts of a batch add up. They lie in buffers that carry the
parameters' strides: fused optimizers walk both without looking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import torch

from steadygan.training.step.terms import CriticTerms, detached, fresh_critic_terms, generator_terms

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.objectives import State
    from steadygan.training.step.draws import CriticDraws, GeneratorDraws
    from steadygan.training.step.game import Game
    from steadygan.types import Batch

CriticGradients: TypeAlias = "Callable[[Game, Batch, CriticDraws, State, float], CriticTerms]"
"""(game, real rows, their draws, state, their share of the batch) to the critic's terms, detached"""
GeneratorGradients: TypeAlias = "Callable[[Game, GeneratorDraws, Batch | None, State, float], Tensor]"
"""(game, draws of some rows, real rows or None, state, their share of the batch) to the loss, detached"""


@contextmanager
def without_gradient(parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Within, losses are not differentiable in the parameters.

    A compiled backward pass would compute their gradients whoever asks for them, and an eager one keep what they need.
    """
    for parameter in parameters:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in parameters:
            parameter.requires_grad_(True)


def critic_gradients(
    game: Game,
    real: Batch,
    draws: CriticDraws,
    state: State,
    share: float,
    terms_of: Callable[..., CriticTerms] = fresh_critic_terms,
) -> CriticTerms:
    """The critic's terms on these rows, detached; ``terms_of`` is ``fresh_critic_terms`` or its compiled form."""
    terms = terms_of(game, real, draws, state, share)
    # inputs=: gradients land in buffers that carry the parameters' strides (autograd.grad's may not), and none are
    # computed for x-hat.
    torch.autograd.backward(terms.loss, inputs=game.critic_parameters)
    return detached(terms)


def generator_gradients(
    game: Game,
    draws: GeneratorDraws,
    real: Batch | None,
    state: State,
    share: float,
    terms_of: Callable[..., tuple[Tensor, object]] = generator_terms,
) -> Tensor:
    """The generator's loss on these rows, detached; ``terms_of`` is ``generator_terms`` or its compiled form."""
    with without_gradient(game.critic_parameters):
        loss, _ = terms_of(game, draws, real, state, share)
    torch.autograd.backward(loss, inputs=game.generator_parameters)
    return loss.detach()
