"""The training round, for every method: the critic's steps with their phases, then the generator's.

A step computes a phase's loss terms (``phase_terms.py``) and gradients (``gradients.py``) by an engine, sums the
gradients over processes, and updates weights and state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import torch

from steadygan.objectives.base import stepped
from steadygan.training.step.phase_terms import on_samples
from steadygan.training.step.state import LazyReadings
from steadygan.types import PLAYERS

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.phases import Phase
    from steadygan.training.processes.world import World
    from steadygan.training.step.counters import Counters
    from steadygan.training.step.draws import RoundDraws, StepDraws
    from steadygan.training.step.game import Game
    from steadygan.training.step.setup import Setup
    from steadygan.training.step.terms import Terms


class Engine(Protocol):
    """Protocol of engines, which compute the gradients of phases; all compute the same numbers."""

    def carry_out(self, setup: Setup, phase: Phase, draws: StepDraws) -> Terms:
        """Adds the gradients of a phase on this process's rows to the player's parameters.

        Returns its detached terms: this process's share of scalars, its rows of [N].
        """


class RoundReport(NamedTuple):
    """Loss terms of the last steps of a round, for the record: detached tensors on the device."""

    critic_loss: Tensor
    generator_loss: Tensor
    penalty: Tensor | None
    gradient_norm: Tensor | None
    real_score: Tensor
    fake_score: Tensor
    generator_penalty: Tensor | None = None
    """the weighted sum of the generator's penalties of each step"""
    lazy_penalty: Tensor | None = None
    """the sum of the last penalties of all lazy phases, of the whole batch"""


def step(setup: Setup, phase: Phase, draws: StepDraws, engine: Engine) -> Terms:
    """One optimizer step of a phase on this process's rows of the draws; returns its detached terms."""
    game, player = setup.game, setup.game.players[phase.player]
    constraint = game.recipe.constraint if phase.player == "critic" else None
    if constraint is not None and constraint.when == "before":
        constraint.apply(game.constrained)
    terms = compute_gradients(setup, phase, draws, engine)
    player.optimizer.step()
    if constraint is not None and constraint.when == "after":
        constraint.apply(game.constrained)
    update_state(game, phase, terms, len(draws.latents))
    return terms


def compute_gradients(setup: Setup, phase: Phase, draws: StepDraws, engine: Engine) -> Terms:
    """Sets the gradients of a phase, summed over processes, on its player's parameters; returns its detached terms."""
    player = setup.game.players[phase.player]
    player.optimizer.zero_grad(set_to_none=True)
    terms = engine.carry_out(setup, phase, draws)
    setup.game.world.all_reduce_gradients(player.parameters)
    return terms


def training_round(setup: Setup, draws: RoundDraws, start: Counters, engine: Engine) -> RoundReport:
    """All steps of a round, in place.

    Args:
        setup: its game is changed in place
        draws: the round's random numbers
        start: counters before the round; settings depend on the round, lazy phases on the players' steps
        engine: computes the gradients
    """
    game = setup.game
    game.set_round(start.round)
    # the last round's gradients have been logged; the peak of memory is in the critic's steps
    game.players["generator"].optimizer.zero_grad(set_to_none=True)
    last: dict[str, Terms] = {}
    seen = start.seen
    steps_before = {"critic": start.critic_steps, "generator": start.generator_steps(game.recipe)}
    for player in PLAYERS:
        phases = [phase for phase in game.phases if phase.player == player]
        for number, of_step in enumerate(draws.of(player), steps_before[player]):
            for phase in phases:
                if phase.due(number):
                    terms = step(setup, phase, of_step, engine)
                    if phase.objective:
                        last[player] = terms
            if player == "generator":
                batch = len(of_step.latents)
                seen += batch
                game.update_average(batch, seen, start.round)
    critic, generator = last["critic"], last["generator"]
    assert critic.real is not None and critic.fake is not None
    game.finish_round(start.round, critic.loss, generator.loss)
    lazy = game.state.lazy
    return RoundReport(
        critic_loss=critic.loss,
        generator_loss=generator.loss,
        penalty=critic.penalty,
        gradient_norm=critic.gradient_norm,
        real_score=critic.real.score,
        fake_score=critic.fake.score,
        generator_penalty=generator.penalty,
        lazy_penalty=torch.stack([last.penalty for last in lazy]).sum() if lazy else None,
    )


def update_state(game: Game, phase: Phase, terms: Terms, count: int) -> None:
    """Updates the game's state after a phase, from its terms on the whole batch of ``count`` samples."""
    recipe, state, gather = game.recipe, game.state, game.world.all_gather
    if phase.player == "critic" and phase.objective:
        assert terms.real is not None and terms.fake is not None
        if state.objective:
            real, fake = game.all_gather(terms.real), game.all_gather(terms.fake)
            state = state._replace(objective=stepped(recipe.objective, real, fake, state.objective, game.pace))
        if recipe.perturbation is not None and state.perturbation:
            updated = recipe.perturbation.next_state(gather(terms.real.score), state.perturbation, count)
            state = state._replace(perturbation=updated)
    if phase.player == "generator" and phase.penalties:
        penalties = list(state.penalties)
        for index, measured in zip(on_samples(game, phase), terms.measured, strict=True):
            if penalties[index] and measured is not None:
                penalties[index] = game.generator_penalty(index).next_state(gather(measured), penalties[index])
        state = state._replace(penalties=tuple(penalties))
    if not phase.objective:
        state = state._replace(lazy=_with_readings(game, phase, terms))
    game.state = state


def _with_readings(game: Game, phase: Phase, terms: Terms) -> tuple[LazyReadings, ...]:
    """The state's lazy readings, with those of this phase updated."""
    lazy = [each for each in game.phases if not each.objective]
    readings = list(game.state.lazy)
    assert terms.penalty is not None
    index = lazy.index(phase)
    mean, std = readings[index].gradient_norm_mean, readings[index].gradient_norm_std
    if terms.gradient_norm is not None:
        norms = game.world.all_gather(terms.gradient_norm).float()
        mean, std = norms.mean(), norms.std(correction=0)
    readings[index] = LazyReadings(game.world.all_reduce(terms.penalty).float(), mean, std)
    return tuple(readings)


def reduce_report(report: RoundReport, world: World) -> RoundReport:
    """The report of the whole batch, from those of all processes; a collective operation."""
    if world.size == 1:
        return report
    return RoundReport(
        critic_loss=world.all_reduce(report.critic_loss),
        generator_loss=world.all_reduce(report.generator_loss),
        penalty=None if report.penalty is None else world.all_reduce(report.penalty),
        gradient_norm=None if report.gradient_norm is None else world.all_gather(report.gradient_norm),
        real_score=world.all_gather(report.real_score),
        fake_score=world.all_gather(report.fake_score),
        generator_penalty=None if report.generator_penalty is None else world.all_reduce(report.generator_penalty),
        lazy_penalty=report.lazy_penalty,
    )
