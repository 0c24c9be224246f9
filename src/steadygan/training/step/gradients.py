"""Gradients of a phase's loss on its player's parameters, by autograd; micro-batches add up.

Gradients are added to those that are there. They lie in buffers that carry the parameters' strides: fused optimizers
walk both without looking.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import torch

from steadygan.training.step.draws import StepDraws, micro_batches, rows_of
from steadygan.training.step.terms import Terms, added, from_named, named_tensors, phase_terms

if TYPE_CHECKING:
    from torch import nn

    from steadygan.phases import Phase
    from steadygan.training.step.game import Game, GameState
    from steadygan.training.step.setup import Setup
    from steadygan.types import Batch

Gradients: TypeAlias = "Callable[[Game, Phase, Batch | None, StepDraws, GameState, float], Terms]"
"""(game, phase, real rows or None, their draws, state, their share of the batch) to the terms, detached"""


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


def autograd_gradients(
    game: Game,
    phase: Phase,
    real: Batch | None,
    draws: StepDraws,
    state: GameState,
    share: float,
    terms_of: Callable[..., Terms] = phase_terms,
) -> Terms:
    """Adds the gradients of a phase's loss on these rows to the player's parameters; returns the terms, detached.

    ``terms_of`` is ``phase_terms`` or a compiled form of it.
    """
    others = game.players["critic"].parameters if phase.player == "generator" else ()  # a critic's fakes have no graph
    with without_gradient(others):
        terms = terms_of(game, phase, real, draws, state, share)
    # inputs=: gradients land in buffers that carry the parameters' strides (autograd.grad's may not), and none are
    # computed for x-hat.
    torch.autograd.backward(terms.loss, inputs=game.players[phase.player].parameters)
    return from_named(named_tensors(terms))


def carry_out(setup: Setup, phase: Phase, draws: StepDraws, gradients: Gradients = autograd_gradients) -> Terms:
    """Adds the gradients of a phase on this process's rows, micro-batch by micro-batch; returns its terms, detached."""
    game, count = setup.game, len(draws.latents)
    terms: Terms | None = None
    for rows in micro_batches(game.world.rows(count), game.recipe.run.micro_batch):
        part = rows_of(draws, rows)
        real = None if part.real is None else setup.feed(part.real)
        of_rows = gradients(game, phase, real, part, game.state, (rows.stop - rows.start) / count)
        terms = added(terms, of_rows)
    assert terms is not None
    return terms
