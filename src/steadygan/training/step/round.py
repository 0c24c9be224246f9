"""The training round, for every method: the critic's phases as often as it steps, then the generator's.

Each step is a phase's loss terms (``terms.py``) and their gradients (``gradients.py``), which an engine computes; then
the sum over processes, the optimizer, and the state.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from steadygan.training.step.game import LazyReadings
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
    """Computes the gradients of phases; all engines compute the same numbers."""

    def carry_out(self, setup: Setup, phase: Phase, draws: StepDraws) -> Terms:
        """Adds the gradients of a phase on this process's rows to the player's parameters.

        Returns its terms, detached: this process's share of scalars, its rows of [N].
        """


class RoundReport(NamedTuple):
    """The last terms of a round for the record: detached tensors on the device, read only when wanted."""

    critic_loss: Tensor
    generator_loss: Tensor
    penalty: Tensor | None
    gradient_norm: Tensor | None
    real_score: Tensor
    fake_score: Tensor


def step(setup: Setup, phase: Phase, draws: StepDraws, engine: Engine) -> Terms:
    """One optimizer step of a phase on this process's rows of the draws; returns its terms, detached."""
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
    """Leaves the gradients of a phase on its player's parameters, summed over processes; its terms, detached."""
    player = setup.game.players[phase.player]
    player.optimizer.zero_grad(set_to_none=True)
    terms = engine.carry_out(setup, phase, draws)
    setup.game.world.sum_gradients(player.parameters)
    return terms


def training_round(setup: Setup, draws: RoundDraws, start: Counters, engine: Engine) -> RoundReport:
    """All steps of a round, in place.

    Args:
        setup: its game is changed in place
        draws: the round's random numbers
        start: where the run stands; settings follow the round, lazy phases the players' steps
        engine: computes the gradients
    """
    game = setup.game
    game.set_round(start.round)
    # what was left for the record has been read; critic steps are the memory's peak
    game.players["generator"].optimizer.zero_grad(set_to_none=True)
    last: dict[str, Terms] = {}
    seen, steps_before = start.seen, {"critic": start.critic_steps, "generator": start.seen // game.recipe.fakes}
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
    return RoundReport(
        critic_loss=critic.loss,
        generator_loss=generator.loss,
        penalty=critic.penalty,
        gradient_norm=critic.gradient_norm,
        real_score=critic.real.score,
        fake_score=critic.fake.score,
    )


def update_state(game: Game, phase: Phase, terms: Terms, count: int) -> None:
    """Moves the state that follows a phase, from its outputs on the whole batch of ``count``."""
    recipe, state, gather = game.recipe, game.state, game.world.gathered
    if phase.player == "critic" and phase.objective:
        assert terms.real is not None and terms.fake is not None
        if state.objective:
            real, fake = game.gathered(terms.real), game.gathered(terms.fake)
            state = state._replace(objective=recipe.objective.next_state(real, fake, state.objective))
        if recipe.perturbation is not None and state.perturbation:
            moved = recipe.perturbation.next_state(gather(terms.real.score), state.perturbation, count)
            state = state._replace(perturbation=moved)
    if phase.player == "generator" and phase.penalties:
        penalties = list(state.penalties)
        for index, measured in zip(phase.penalties, terms.measured, strict=True):
            if penalties[index] and measured is not None:
                penalties[index] = game.generator_penalty(index).next_state(gather(measured), penalties[index])
        state = state._replace(penalties=tuple(penalties))
    if not phase.objective:
        state = state._replace(lazy=_with_readings(game, phase, terms))
    game.state = state


def _with_readings(game: Game, phase: Phase, terms: Terms) -> tuple[LazyReadings, ...]:
    lazy = [each for each in game.phases if not each.objective]
    readings = list(game.state.lazy)
    assert terms.penalty is not None
    index = lazy.index(phase)
    mean, std = readings[index].gradient_norm_mean, readings[index].gradient_norm_std
    if terms.gradient_norm is not None:
        norms = game.world.gathered(terms.gradient_norm).float()
        mean, std = norms.mean(), norms.std(correction=0)
    readings[index] = LazyReadings(game.world.sum(terms.penalty).float(), mean, std)
    return tuple(readings)


def whole_report(report: RoundReport, world: World) -> RoundReport:
    """The report of all processes together, from the part of each; to be called by all of them."""
    if world.size == 1:
        return report
    return RoundReport(
        critic_loss=world.sum(report.critic_loss),
        generator_loss=world.sum(report.generator_loss),
        penalty=None if report.penalty is None else world.sum(report.penalty),
        gradient_norm=None if report.gradient_norm is None else world.gathered(report.gradient_norm),
        real_score=world.gathered(report.real_score),
        fake_score=world.gathered(report.fake_score),
    )
