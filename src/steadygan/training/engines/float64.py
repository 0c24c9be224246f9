"""Setups in float64, for measuring the rounding errors of float32 gradients."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar

import torch
from torch.utils import _pytree as pytree

from steadygan.training.step.game import Game
from steadygan.training.step.setup import Setup

if TYPE_CHECKING:
    from steadygan.training.step.player import Player

_Tree = TypeVar("_Tree")


def in_double(tree: _Tree) -> _Tree:
    """Draws, a batch or a state with floating-point tensors in float64."""
    double: _Tree = pytree.tree_map(
        lambda value: value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value, tree
    )
    return double


def double_game(game: Game) -> Game:
    """A game of precision fp32 in float64, with new optimizers; its networks are converted in place."""
    for network in game.networks.values():
        network.double()
    players = {name: _with_new_optimizer(player) for name, player in game.players.items()}
    encoder = None if game.encoder is None else _with_new_optimizer(game.encoder)
    return dataclasses.replace(game, players=players, state=in_double(game.state), encoder=encoder)


def _with_new_optimizer(player: Player) -> Player:
    return dataclasses.replace(player, optimizer=player.spec.build(player.network.parameters()))


def double_setup(setup: Setup) -> Setup:
    """A setup with game and batches in float64; see ``double_game``."""
    return setup._replace(game=double_game(setup.game), feed=lambda draws: in_double(setup.feed(draws)))
