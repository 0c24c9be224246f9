"""Engines: how the two steps of a round are carried out. All compute the same numbers.

``eager`` runs the losses as they are written. ``compiled`` has torch.compile fuse each loss with its backward pass;
``graph`` records each whole step on a GPU once and replays it; ``compiled-graph`` does both. An engine is only taken
after its gradients were held against the eager ones, parameter by parameter: a loss that agrees proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias

import torch

from steadygan.errors import unknown_name
from steadygan.training.engines.base import Engine
from steadygan.training.engines.eager import EAGER, Eager
from steadygan.training.engines.float64 import double_game, in_double

if TYPE_CHECKING:
    from torch import Tensor, nn

    from steadygan.training.step.draws import RoundDraws
    from steadygan.training.step.game import Game
    from steadygan.training.step.round import Feed


_SMALL = {"fp32": 1e-3, "tf32": 1e-2, "bf16": 1e-1}
"""of the whole gradient's norm: a smaller gradient, as of a bias before a norm, is the rounding noise of others"""


def make(name: str) -> Engine:
    """A fresh engine of a name.

    Raises:
        UsageError: for an unknown name.
    """
    from steadygan.training.engines.compiled import Compiled
    from steadygan.training.engines.cuda_graph import Graph

    def compiled_graph() -> Engine:
        compiled = Compiled()
        return Graph(compiled.critic_gradients, compiled.generator_gradients, "compiled-graph")

    engines: dict[str, Callable[[], Engine]] = {
        "eager": Eager,
        "compiled": Compiled,
        "graph": Graph,
        "compiled-graph": compiled_graph,
    }
    if name not in engines:
        raise unknown_name("engine", name, engines)
    return engines[name]()


def disagreement(
    engine: Engine, build: Callable[[], Game], feed: Feed, rounds: Sequence[RoundDraws]
) -> dict[str, float]:
    """How far an engine's gradients are from the eager ones, by parameter: the worst of the first steps of some rounds.

    The distance is relative to the norm of the parameter's own gradient, plus a small part of the whole gradient's:
    below it is nothing but rounding. What is no number is infinitely far.

    Args:
        engine: the one that is looked at
        build: makes the game at round 0, the same at each call; both are thrown away
        feed: for these draws
        rounds: draws; with a second round, an engine that goes on with what it saw in the first is found out
    """
    games = build(), build()
    expected, got = (_gradients(each, game, feed, rounds) for each, game in zip((EAGER, engine), games, strict=True))
    return _apart(expected, got, _SMALL[games[0].precision])


def rounding(build: Callable[[], Game], feed: Feed, rounds: Sequence[RoundDraws]) -> float:
    """How far eager float32 gradients are from those in float64: the worst of all parameters, as ``disagreement``.

    Mostly kinks: a unit whose input lies within rounding of 0 is on one side here and on the other there, and its whole
    part of a gradient with it.
    """
    wide = _gradients(EAGER, double_game(build()), lambda real: in_double(feed(real)), in_double(list(rounds)))
    return max(_apart(wide, _gradients(EAGER, build(), feed, rounds), _SMALL["fp32"]).values())


_Gradients: TypeAlias = "list[dict[tuple[str, str], Tensor]]"
"""of the first steps of some rounds, by player and parameter"""


def _apart(expected: _Gradients, got: _Gradients, small: float) -> dict[str, float]:
    worst = dict[str, float]()
    for theirs, ours in zip(expected, got, strict=True):
        whole = {
            player: torch.stack([gradient.norm() for (of, _), gradient in theirs.items() if of == player]).norm()
            for player in ("critic", "generator")
        }
        for (player, name), gradient in theirs.items():
            off = _off(ours[player, name], gradient, small * whole[player])
            worst[f"{player}.{name}"] = max(off, worst.get(f"{player}.{name}", 0.0))
    return worst


def _off(ours: Tensor, theirs: Tensor, small: Tensor) -> float:
    distance = (ours - theirs).norm()
    if distance == 0:  # also where both are 0 everywhere
        return 0.0
    off = float(distance / (theirs.norm() + small))
    return math.inf if math.isnan(off) else off


def stand_still(game: Game) -> None:
    """Gives the game the settings of its first round, with rates of 0: steps leave gradients, and weights stay."""
    game.set_rates(0)
    for optimizer in (game.critic_optimizer, game.generator_optimizer):
        for group in optimizer.param_groups:
            group["lr"].fill_(0.0)


def _gradients(engine: Engine, game: Game, feed: Feed, rounds: Sequence[RoundDraws]) -> _Gradients:
    stand_still(game)  # both steps see the first weights: a step would amplify rounding
    found = []
    for draws in rounds:
        engine.critic_step(game, feed, draws.critic[0])
        of_critic = _held(game.critic, "critic")
        engine.generator_step(game, feed, draws.generator[0])
        found.append({**of_critic, **_held(game.generator, "generator")})
    return found


def _held(network: nn.Module, player: str) -> dict[tuple[str, str], Tensor]:
    """The gradients that a step left behind."""
    return {
        (player, name): parameter.grad.detach().clone()
        for name, parameter in network.named_parameters()
        if parameter.grad is not None
    }
