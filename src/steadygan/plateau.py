"""Learning rates reduced on a plateau, as by torch's ``ReduceLROnPlateau``, on the device."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from steadygan.checks import at_least, whole_fields, within
from steadygan.codec import DURATION

if TYPE_CHECKING:
    from torch import Tensor


class PlateauState(NamedTuple):
    """State of a ``Plateau`` between its evaluations."""

    best: Tensor
    """the lowest value so far"""
    waited: Tensor
    """evaluations since then, or since the last reduction"""
    factor: Tensor
    """factor of both rates"""


@dataclass(frozen=True)
class Plateau:
    """Multiplies both players' rates by ``factor`` each time a number of the objective's state has stopped falling.

    The number is evaluated after every ``every``-th round, so the rates depend on the training alone; no host sync.
    BEGAN halves its rate when the convergence measure M stalls (Berthelot et al. 2017; when it counts as stalled is
    unconfirmed).
    """

    of: str = "convergence_mean"
    """number of the objective's state that should fall, by its logged name"""
    every: int = field(default=1_000, metadata=DURATION)
    """rounds between evaluations of this number"""
    patience: int = 3
    """evaluations without a new lowest value before the rates are reduced"""
    factor: float = 0.5
    """both rates are then multiplied by this"""
    least: float = 0.01
    """relative improvement that counts as a new lowest value"""
    floor: float = 0.01
    """smallest factor of the recipe's rates"""

    def __post_init__(self) -> None:
        whole_fields(self, "every", "patience")
        within("Plateau.factor", self.factor, 0, 1, open_low=True)
        within("Plateau.floor", self.floor, 0, 1, open_low=True)
        at_least("Plateau.least", self.least, 0)

    def initial_state(self) -> PlateauState:
        """No value yet; the recipe's own rates."""
        import torch

        return PlateauState(torch.full((), math.inf), torch.zeros(()), torch.ones(()))

    def due_between(self, before: int, after: int) -> bool:
        """True if the number is evaluated as so many rounds are done, where ``before`` were done a round ago."""
        return before // self.every < after // self.every

    def next_state(self, number: Tensor, state: PlateauState) -> PlateauState:
        """The state after an evaluation of the number, 0-d."""
        import torch

        better = number + self.least * number.abs() < state.best
        waited = torch.where(better, 0.0, state.waited + 1.0)
        reduces = waited >= self.patience
        return PlateauState(
            torch.where(better, number, state.best),
            torch.where(reduces, 0.0, waited),
            torch.where(reduces, (state.factor * self.factor).clamp_min(self.floor), state.factor),
        )
