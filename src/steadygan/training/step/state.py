"""State of a game: every tensor that rounds change beside weights and optimizers."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.utils import _pytree as pytree

from steadygan.balance import LossRatio

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.objectives import State
    from steadygan.recipe import Recipe


class LazyReadings(NamedTuple):
    """Logged values of a lazy phase's last step, 0-d."""

    penalty: Tensor
    """with weight and the phase's gain"""
    gradient_norm_mean: Tensor
    """of the critic's input gradients if a penalty takes them, else 0"""
    gradient_norm_std: Tensor
    """likewise"""


class GameState(NamedTuple):
    """State of a game as a pytree; () for components without state."""

    objective: State
    perturbation: State = ()
    penalties: tuple[State, ...] = ()
    """one per penalty of the recipe"""
    plateau: State = ()
    losses: State = ()
    """critic and generator loss of the last round, if the recipe balances steps by them"""
    lazy: tuple[LazyReadings, ...] = ()
    """one per lazy phase"""
    pretraining: State = ()
    """steps that the recipe's encoder was trained for, if it has one"""


def initial_state(recipe: Recipe, device: torch.device) -> GameState:
    """The state at round 0, on the device."""
    perturbation, plateau = recipe.perturbation, recipe.plateau
    none: State = ()
    state = GameState(
        objective=recipe.objective.initial_state(),
        perturbation=none if perturbation is None else perturbation.initial_state(),
        penalties=tuple(getattr(penalty, "initial_state", tuple)() for penalty in recipe.penalties),
        plateau=none if plateau is None else plateau.initial_state(),
        losses=(torch.zeros(()), torch.zeros(())) if isinstance(recipe.balance, LossRatio) else none,
        lazy=tuple(LazyReadings(*torch.zeros(3)) for phase in recipe.phases if not phase.objective),
        pretraining=none if recipe.encoder is None else (torch.zeros((), dtype=torch.int64),),
    )
    on_device: GameState = pytree.tree_map(lambda tensor: tensor.to(device), state)
    return on_device
