"""Rates that fall when what is measured no longer does."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from steadygan.checks import at_least, whole_fields, within

if TYPE_CHECKING:
    from torch import Tensor


class PlateauState(NamedTuple):
    """What a ``Plateau`` remembers between its looks."""

    best: Tensor
    """the lowest number seen"""
    waited: Tensor
    """looks since it was seen, or since the rates last fell"""
    factor: Tensor
    """what both rates are multiplied by"""


@dataclass(frozen=True)
class Plateau:
    """Multiplies both players' rates by ``factor`` each time a number of the objective's state has stopped falling.

    It looks after every ``every``-th round, so what it does is a function of the training alone, on the device,
    with no host sync. BEGAN halves its rate when the convergence measure M stalls (Berthelot et al. 2017; when it
    counts as stalled is unconfirmed).
    """

    of: str = "convergence_mean"
    """the number of the objective's state that should fall, by the name it is logged under"""
    every: int = 1_000
    """rounds between two looks"""
    patience: int = 3
    """looks in a row without a new lowest number before the rates fall"""
    factor: float = 0.5
    """what the rates are then multiplied by"""
    least: float = 0.01
    """a new lowest number counts where it is lower by more than this share of itself"""
    floor: float = 0.01
    """the rates stay at this share of the recipe's, or above"""

    def __post_init__(self) -> None:
        whole_fields(self, "every", "patience")
        within("Plateau.factor", self.factor, 0, 1, open_low=True)
        within("Plateau.floor", self.floor, 0, 1, open_low=True)
        at_least("Plateau.least", self.least, 0)

    def initial_state(self) -> PlateauState:
        """Nothing seen; the recipe's own rates."""
        import torch

        return PlateauState(torch.full((), math.inf), torch.zeros(()), torch.ones(()))

    def looks_after(self, round_: int) -> bool:
        """Is there a look after this round (counted from 0)?"""
        return (round_ + 1) % self.every == 0

    def next_state(self, number: Tensor, state: PlateauState) -> PlateauState:
        """The state after a look at the number, 0-d."""
        import torch

        better = number + self.least * number.abs() < state.best
        waited = torch.where(better, 0.0, state.waited + 1.0)
        falls = waited >= self.patience
        return PlateauState(
            torch.where(better, number, state.best),
            torch.where(falls, 0.0, waited),
            torch.where(falls, (state.factor * self.factor).clamp_min(self.floor), state.factor),
        )
