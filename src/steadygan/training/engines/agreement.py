"""Agreement of engines: comparison of an engine's gradients with the eager ones, by parameter.

Only engines that pass are used. Comparing losses would not suffice: they can agree while gradients differ.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import torch

from steadygan.networks.layers.own import is_own
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.float64 import double_setup, in_double
from steadygan.training.step.round import compute_gradients, update_state

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.phases import Phase
    from steadygan.training.step.draws import RoundDraws
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import Engine
    from steadygan.training.step.setup import Setup

_SMALL = {"fp32": 1e-3, "tf32": 1e-2, "bf16": 1e-1}
"""fraction of the full gradient's norm below which a parameter's gradient (a bias before a norm) is rounding noise"""


def disagreement(
    engine: Engine, build: Callable[[], Setup], rounds: Sequence[RoundDraws], at: int = 0
) -> dict[str, float]:
    """Largest relative distance of an engine's gradients from the eager ones over some rounds, by parameter.

    The distance is relative to the norm of the parameter's gradient plus a small fraction of the full gradient's norm,
    below which is only rounding. A gradient that is not finite has distance infinity.

    Args:
        engine: to be tested
        build: makes a setup at round 0, equal at each call; it is discarded
        rounds: draws, of which each player's first step is used; a second round detects an engine that reuses inputs
            of the first
        at: round whose settings the game has
    """
    setups = build(), build()
    small = _SMALL[setups[0].game.precision]
    expected, got = (_gradients(each, setup, rounds, at) for each, setup in zip((EAGER, engine), setups, strict=True))
    return _distances(expected, got, small)


def rounding(build: Callable[[], Setup], rounds: Sequence[RoundDraws], at: int = 0) -> float:
    """Largest relative distance over all parameters of eager float32 gradients from those in float64.

    Mostly from kinks: a unit whose input is within rounding of 0 falls on different sides, which switches its whole
    contribution to a gradient.
    """
    wide = _gradients(EAGER, double_setup(build()), in_double(list(rounds)), at)
    return max(_distances(wide, _gradients(EAGER, build(), rounds, at), _SMALL["fp32"]).values())


def replaced_buffers(build: Callable[[], Setup], rounds: Sequence[RoundDraws], at: int = 0) -> list[str]:
    """Names of buffers in whose places forwards of the user's own modules put other tensors: 'generator.network.mean'.

    Compiled steps take buffers as arguments and lose such tensors, recorded ones read the first one at each replay:
    the buffer stands still, and its gradients may agree all the same.
    """
    setup = build()
    networks = {player: each.network for player, each in setup.game.players.items() if is_own(each.network)}
    if not networks:
        return []
    before = {name: _places(network) for name, network in networks.items()}
    _gradients(EAGER, setup, rounds[:1], at)
    return [
        f"{player}.{name}"
        for player, network in networks.items()
        for name, buffer in _places(network).items()
        if buffer is not before[player].get(name)
    ]


def _places(network: nn.Module) -> dict[str, Tensor | None]:
    """The tensor of each buffer, by name; None for one that is not there yet."""
    parts = network.named_modules()
    return {f"{path}.{name}".lstrip("."): buffer for path, part in parts for name, buffer in part._buffers.items()}


_Gradients: TypeAlias = "list[dict[tuple[str, str], Tensor]]"
"""for each round, by phase and parameter"""


def _distances(expected: _Gradients, got: _Gradients, small: float) -> dict[str, float]:
    worst = dict[str, float]()
    for reference, tested in zip(expected, got, strict=True):
        phases = {phase for phase, _ in reference}
        norms = {
            phase: torch.stack([g.norm() for (of, _), g in reference.items() if of == phase]).norm() for phase in phases
        }
        for phase, name in sorted(reference.keys() ^ tested.keys()):  # one engine moves it, the other does not
            worst[f"{phase}.{name}"] = math.inf
        for (phase, name), gradient in reference.items():
            if (phase, name) not in tested:
                continue
            distance = _distance(tested[phase, name], gradient, small * norms[phase])
            worst[f"{phase}.{name}"] = max(distance, worst.get(f"{phase}.{name}", 0.0))
    return worst


def _distance(tested: Tensor, reference: Tensor, small: Tensor) -> float:
    distance = (tested - reference).norm()
    if distance == 0:  # also where both are 0 everywhere
        return 0.0
    relative = float(distance / (reference.norm() + small))
    return math.inf if math.isnan(relative) else relative


def _gradients(engine: Engine, setup: Setup, rounds: Sequence[RoundDraws], at: int) -> _Gradients:
    setup.game.set_round(at)
    gradients = []
    for draws in rounds:
        of_round: dict[tuple[str, str], Tensor] = {}
        for phase in setup.game.phases:
            of_step = draws.of(phase.player)[0]
            terms = compute_gradients(setup, phase, of_step, engine)  # no optimizer step: it would amplify rounding
            update_state(setup.game, phase, terms, len(of_step.latents))
            of_round |= _current_gradients(setup.game, phase)
        gradients.append(of_round)
    return gradients


def _current_gradients(game: Game, phase: Phase) -> dict[tuple[str, str], Tensor]:
    """Copies of the gradients on the player's parameters, by phase and parameter."""
    name = phase.player if phase.objective else f"{phase.player} every {phase.every}"
    return {
        (name, key): parameter.grad.detach().clone()
        for key, parameter in game.players[phase.player].network.named_parameters()
        if parameter.grad is not None
    }
