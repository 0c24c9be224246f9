"""Where values that are not finite begin: the rounds before are trained again, and the failing one is looked into.

When a loss is NaN its cause lies in the past: gradients that were not finite have made all weights so. A run's rounds
are functions of its last checkpoint and of counters, so that they can be trained again, this time with hooks.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from steadygan.diagnostics.signals.non_finite import NonFiniteTrace, non_finite_names
from steadygan.errors import SteadyganError
from steadygan.measuring import preserved_random_state
from steadygan.run import layout
from steadygan.run.checkpoints import newest_whole
from steadygan.run.environment import Environment
from steadygan.training import resumption
from steadygan.training.engines.eager import EAGER
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.counters import Counters
from steadygan.training.step.gradients import carry_out
from steadygan.training.step.round import training_round

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.phases import Phase
    from steadygan.recipe import Recipe
    from steadygan.training.engines.base import EngineName
    from steadygan.training.step.draws import StepDraws
    from steadygan.training.step.game import Game
    from steadygan.training.step.setup import Setup
    from steadygan.training.step.terms import Terms

MOST = 100
"""rounds that are trained again, at most"""


def retraced(recipe: Recipe, dataset: Dataset, device: torch.device, folder: Path, failed: int) -> str | None:
    """The module or loss term in which the first value was not finite, and in whose step; None if it is not found.

    Args:
        recipe: as the run has it
        dataset: its data
        device: that it trains on
        folder: of the run
        failed: the first round with a loss that is not finite, from 1; what made it so is in it, or in the one before
    """
    before = max(0, failed - 2)
    saved = layout.list_checkpoints(folder / layout.CHECKPOINTS)
    start = newest_whole([path for path in saved if int(path.name) <= before])
    begin = 0 if start is None else int(start.name)
    if failed - begin > MOST or (start is None and Environment.read(folder).weights_from is not None):
        return None
    builder = SetupBuilder(recipe, dataset, device)
    try:
        with preserved_random_state():
            setup = builder.build()
            counters = Counters() if start is None else resumption.load(start, setup.game)
            while counters.round < failed:
                counters = _trained(builder, setup, counters, traced=counters.round >= before)
    except _Found as found:
        return str(found)
    except (SteadyganError, RuntimeError, MemoryError):  # nothing is lost: the run ends with its own error
        return None
    finally:
        builder.feed.close()
    return None


class _Found(Exception):
    """The place, in words."""


def _trained(builder: SetupBuilder, setup: Setup, at: Counters, *, traced: bool) -> Counters:
    """A round of training; the counters after it."""
    recipe, drawer = builder.recipe, builder.drawer
    steps = setup.game.steps(at.round)
    training_round(setup, drawer.round(at.round, at.position, steps), at, _Tracing() if traced else EAGER)
    return Counters(
        round=at.round + 1,
        critic_steps=at.critic_steps + steps.critic,
        position=at.position + drawer.samples_in(at.round, steps),
        seen=at.seen + steps.generator * recipe.fakes,
    )


class _Tracing:
    """Eager steps that end with the first place of a value that is not finite."""

    name: EngineName = "eager"

    def carry_out(self, setup: Setup, phase: Phase, draws: StepDraws) -> Terms:
        game = setup.game
        for name, player in game.players.items():
            if bad := non_finite_names(player.network.named_parameters()):
                raise _Found(f"parameter {name}.{bad[0]} after a step of its optimizer")
        with NonFiniteTrace(generator=game.generator, critic=game.critic) as trace:
            terms = carry_out(setup, phase, draws)
        inside = f"in a step of the {phase.player}"
        if (first := trace.first()) is not None:
            raise _Found(f"{first} {inside}")
        if bad := non_finite_names({"penalty": terms.penalty, "loss": terms.loss}):
            raise _Found(f"{_term(game, phase) if bad[0] == 'penalty' else f'{phase.player} loss'} {inside}")
        network = game.players[phase.player].network
        gradients = {name: parameter.grad for name, parameter in network.named_parameters()}
        if bad := non_finite_names(gradients):
            term = _culprit(setup, phase, draws)
            raise _Found(f"gradient of the {term} at {phase.player}.{bad[-1]} {inside}")  # the last one comes first
        return terms


def _term(game: Game, phase: Phase) -> str:
    """The penalties of a phase by name."""
    names = {type(game.recipe.penalties[index]).__name__ for index in phase.penalties}
    return f"penalty ({', '.join(sorted(names))})"


def _culprit(setup: Setup, phase: Phase, draws: StepDraws) -> str:
    """Which of a phase's terms has the gradient that is not finite: the adversarial loss is tried alone."""
    game, loss = setup.game, f"{phase.player} loss"
    if not phase.objective:
        return _term(game, phase)
    if not phase.penalties:
        return loss
    player = game.players[phase.player]
    player.optimizer.zero_grad(set_to_none=True)
    carry_out(setup, dataclasses.replace(phase, penalties=()), draws)
    alone = non_finite_names((name, parameter.grad) for name, parameter in player.network.named_parameters())
    return loss if alone else _term(game, phase)
