"""Residuals that vanish: layers that begin as the identity and become themselves as the rounds go on."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from steadygan.schedules import Schedule


class VanishingResidual(nn.Module):
    """carry x + (1 - carry) f(x), for a part f that keeps the shape of x; carry follows a schedule of the round.

    The carry is a 0-d buffer: it is set once a round however often the network is called, and is saved with the
    weights, so that samples of a checkpoint are made as in its round.
    """

    carry: Tensor

    def __init__(self, part: nn.Module, schedule: Schedule) -> None:
        """
        Args:
            part: f
            schedule: round to carry, from 0 to 1; BEGAN's goes from 1 to 0
        """
        super().__init__()
        self.part = part
        self.schedule = schedule
        self.register_buffer("carry", torch.tensor(float(schedule(0))))

    def set_round(self, round_: int) -> None:
        """Takes the carry of a round, in place."""
        self.carry.fill_(self.schedule(round_))

    def forward(self, x: Tensor) -> Tensor:
        carry = self.carry.to(x.dtype)  # not x + ...: exact at both ends
        mixed: Tensor = carry * x + (1 - carry) * self.part(x).to(x.dtype)
        return mixed

    def extra_repr(self) -> str:
        return f"{self.schedule}"
