"""Vanishing residuals (BEGAN, Berthelot et al. 2017): layers that begin as the identity and lose the shortcut."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from steadygan.schedules import Schedule


class VanishingResidual(nn.Module):
    """carry x + (1 - carry) f(x), for a module f that keeps the shape of x; carry is a schedule of the round.

    The carry is a 0-d buffer, set once a round and saved with the weights, so that a checkpoint's samples are those
    of its round.
    """

    carry: Tensor

    def __init__(self, part: nn.Module, schedule: Schedule) -> None:
        """
        Args:
            part: f
            schedule: carry by round, in [0, 1]; BEGAN's goes from 1 to 0
        """
        super().__init__()
        self.part = part
        self.schedule = schedule
        self.register_buffer("carry", torch.tensor(float(schedule(0))))

    def set_round(self, round_: int) -> None:
        """Sets the carry of a round, in place."""
        self.carry.fill_(self.schedule(round_))

    def forward(self, x: Tensor) -> Tensor:
        carry = self.carry.to(x.dtype)  # not x + ...: exact at both ends
        mixed: Tensor = carry * x + (1 - carry) * self.part(x).to(x.dtype)
        return mixed

    def extra_repr(self) -> str:
        return f"{self.schedule}"
