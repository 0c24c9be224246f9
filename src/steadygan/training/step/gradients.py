"""Gradients of a phase's loss in its player's parameters, accumulated over micro-batches.

They lie in buffers with the parameters' strides, which fused optimizers assume unchecked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

import torch

from steadygan.measuring import preserved_buffers, preserved_random_state
from steadygan.training.step.draws import StepDraws, micro_batches, rows_of
from steadygan.training.step.phase_terms import phase_terms, run_networks
from steadygan.training.step.terms import Terms, accumulate, from_named, named_tensors

if TYPE_CHECKING:
    from torch import nn

    from steadygan.phases import Phase
    from steadygan.training.step.game import Game
    from steadygan.training.step.setup import Setup
    from steadygan.training.step.state import GameState
    from steadygan.types import Batch

Gradients: TypeAlias = "Callable[[Game, Phase, Batch | None, StepDraws, GameState, float], Terms]"
"""(game, phase, real rows or None, their draws, state, their share of the batch) to detached terms"""


@contextmanager
def without_gradient(parameters: Sequence[nn.Parameter]) -> Iterator[None]:
    """Context in which the parameters do not require gradients.

    Else a compiled backward pass would compute their gradients, and an eager one would store activations for them.
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
    """Adds the gradients of a phase's loss on these rows to the player's parameters; returns detached terms.

    ``terms_of`` is ``phase_terms`` or a compiled form of it.
    """
    others = game.players["critic"].parameters if phase.player == "generator" else ()  # a critic's fakes have no graph
    with without_gradient(others):
        terms = terms_of(game, phase, real, draws, state, share)
    # inputs=: gradients land in buffers with the parameters' strides (autograd.grad's may not), and none are computed
    # for x-hat.
    torch.autograd.backward(terms.loss, inputs=game.players[phase.player].parameters)
    return from_named(named_tensors(terms))


def used_parameters(
    game: Game, phase: Phase, real: Batch | None, draws: StepDraws, state: GameState, share: float
) -> tuple[bool, ...]:
    """For each of the player's parameters, True if the phase's loss depends on it; leaves the game unchanged.

    The others get no gradient from autograd, and so no weight decay and no step of their moments from an optimizer; a
    compiled graph gives them zeros.
    """
    parameters = game.players[phase.player].parameters
    others = game.players["critic"].parameters if phase.player == "generator" else ()
    with preserved_random_state(), preserved_buffers(game.generator), preserved_buffers(game.critic):
        with torch.enable_grad(), without_gradient(others):
            loss = phase_terms(game, phase, real, draws, state, share).loss
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
    return tuple(gradient is not None for gradient in gradients)


def carry_out(setup: Setup, phase: Phase, draws: StepDraws, gradients: Gradients = autograd_gradients) -> Terms:
    """Adds the gradients of a phase on this process's rows, by micro-batches; returns detached terms."""
    game, count = setup.game, len(draws.latents)
    game.iterate_spectral_norms(run_networks(game, phase))
    terms: Terms | None = None
    for rows in micro_batches(game.world.rows(count), game.recipe.run.micro_batch):
        micro = rows_of(draws, rows)
        real = None if micro.real is None else game.stages.shown(setup.feed(micro.real))
        share = (rows.stop - rows.start) / count
        terms = accumulate(terms, gradients(game, phase, real, micro, game.state, share))
    assert terms is not None
    return terms
