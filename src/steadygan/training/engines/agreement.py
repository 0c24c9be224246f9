"""Agreement of engines: gradients held against the eager ones, parameter by parameter.

An engine is only taken after that: a loss that agrees proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import torch

from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.float64 import double_setup, in_double
from steadygan.training.step.round import compute_gradients, update_state

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.phases import Phase
    from steadygan.training.step.draws import RoundDraws
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import Engine
    from steadygan.training.step.setup import Setup

_SMALL = {"fp32": 1e-3, "tf32": 1e-2, "bf16": 1e-1}
"""of the whole gradient's norm: a smaller gradient, as of a bias before a norm, is the rounding noise of others"""


def disagreement(engine: Engine, build: Callable[[], Setup], rounds: Sequence[RoundDraws]) -> dict[str, float]:
    """Relative distances of an engine's gradients from the eager ones, by parameter: the worst over some rounds.

    The distance is relative to the norm of the parameter's own gradient, plus a small part of the whole gradient's:
    below it is nothing but rounding. A gradient that is not finite is infinitely far.

    Args:
        engine: to be tested
        build: makes a setup at round 0, the same at each call; it is thrown away
        rounds: draws, of which the first step of each player is taken; with a second round, an engine that goes on
            with what it saw in the first is found out
    """
    setups = build(), build()
    small = _SMALL[setups[0].game.precision]
    expected, got = (_gradients(each, setup, rounds) for each, setup in zip((EAGER, engine), setups, strict=True))
    return _distances(expected, got, small)


def rounding(build: Callable[[], Setup], rounds: Sequence[RoundDraws]) -> float:
    """Relative distance of eager float32 gradients from those in float64: the worst of all parameters.

    Mostly kinks: a unit whose input lies within rounding of 0 is on one side here and on the other there, and its whole
    part of a gradient with it.
    """
    wide = _gradients(EAGER, double_setup(build()), in_double(list(rounds)))
    return max(_distances(wide, _gradients(EAGER, build(), rounds), _SMALL["fp32"]).values())


_Gradients: TypeAlias = "list[dict[tuple[str, str], Tensor]]"
"""for each round, by phase and parameter"""


def _distances(expected: _Gradients, got: _Gradients, small: float) -> dict[str, float]:
    worst = dict[str, float]()
    for theirs, ours in zip(expected, got, strict=True):
        phases = {phase for phase, _ in theirs}
        norms = {
            phase: torch.stack([g.norm() for (of, _), g in theirs.items() if of == phase]).norm() for phase in phases
        }
        for (phase, name), gradient in theirs.items():
            distance = _distance(ours[phase, name], gradient, small * norms[phase])
            worst[f"{phase}.{name}"] = max(distance, worst.get(f"{phase}.{name}", 0.0))
    return worst


def _distance(ours: Tensor, theirs: Tensor, small: Tensor) -> float:
    distance = (ours - theirs).norm()
    if distance == 0:  # also where both are 0 everywhere
        return 0.0
    relative = float(distance / (theirs.norm() + small))
    return math.inf if math.isnan(relative) else relative


def _gradients(engine: Engine, setup: Setup, rounds: Sequence[RoundDraws]) -> _Gradients:
    setup.game.set_round(0)
    gradients = []
    for draws in rounds:
        of_round: dict[tuple[str, str], Tensor] = {}
        for phase in setup.game.phases:
            of_step = draws.of(phase.player)[0]
            terms = compute_gradients(setup, phase, of_step, engine)  # no step: it would amplify rounding
            update_state(setup.game, phase, terms, len(of_step.latents))
            of_round |= _left_gradients(setup.game, phase)
        gradients.append(of_round)
    return gradients


def _left_gradients(game: Game, phase: Phase) -> dict[tuple[str, str], Tensor]:
    """The gradients that a step left on its player's parameters."""
    name = phase.player if phase.objective else f"{phase.player} every {phase.every}"
    return {
        (name, key): parameter.grad.detach().clone()
        for key, parameter in game.players[phase.player].network.named_parameters()
        if parameter.grad is not None
    }
