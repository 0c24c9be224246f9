"""A game and its numbers in float64: what rounding does to float32 gradients is seen against them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar

import torch
from torch.utils import _pytree as pytree

if TYPE_CHECKING:
    from steadygan.training.step.game import Game

_Bundle = TypeVar("_Bundle")


def in_double(bundle: _Bundle) -> _Bundle:
    """Draws, a batch or a state with its real numbers in float64."""
    wide: _Bundle = pytree.tree_map(
        lambda value: value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value, bundle
    )
    return wide


def double_game(game: Game) -> Game:
    """A game of precision fp32 in float64, with fresh optimizers; its networks are changed in place."""
    for network in (game.generator, game.critic, game.average):
        network.double()
    return dataclasses.replace(
        game,
        generator_optimizer=game.recipe.generator_optimizer.build(game.generator.parameters()),
        critic_optimizer=game.recipe.critic_optimizer.build(game.critic.parameters()),
        state=in_double(game.state),
        perturbation_state=in_double(game.perturbation_state),
    )
