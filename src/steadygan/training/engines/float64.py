"""A setup and its numbers in float64, against which the rounding of float32 gradients is seen."""

from __future__ import annotations

import dataclasses
from typing import TypeVar

import torch
from torch.utils import _pytree as pytree

from steadygan.training.step.game import Game
from steadygan.training.step.setup import Setup

_Tree = TypeVar("_Tree")


def in_double(tree: _Tree) -> _Tree:
    """Draws, a batch or a state with its real numbers in float64."""
    wide: _Tree = pytree.tree_map(
        lambda value: value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value, tree
    )
    return wide


def double_game(game: Game) -> Game:
    """A game of precision fp32 in float64, with fresh optimizers; its networks are changed in place."""
    for network in (game.generator, game.critic, game.average):
        network.double()
    players = {
        name: dataclasses.replace(player, optimizer=player.spec.build(player.network.parameters()))
        for name, player in game.players.items()
    }
    return dataclasses.replace(game, players=players, state=in_double(game.state))


def double_setup(setup: Setup) -> Setup:
    """A setup whose game and batches are in float64; see ``double_game``."""
    return setup._replace(game=double_game(setup.game), feed=lambda draws: in_double(setup.feed(draws)))
