"""Steps of critic and generator in a round, balanced by the ratio of their last losses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from steadygan.checks import above, whole_fields, within


class Steps(NamedTuple):
    """Steps of both players in a round."""

    critic: int
    generator: int


@dataclass(frozen=True)
class LossRatio:
    """``extra`` steps for the player whose loss was too high relative to the other's in the last round.

    Off by default, with reason: the losses of two players that both improve tell little about which one is behind.
    Two rates (TTUR), spectral norm, or noise on the critic's inputs balance them better (lesson 4 of M. Pasini's ten
    lessons, 2019). Watch samples, not the ratio.

    The ratio is critic loss (penalties included) to generator loss, each of the last step of the last round. It needs
    losses above 0; otherwise both players take their usual steps. Equal players have ratio 2 under NonSaturating.
    Reading both losses makes the host wait for the device once a round.
    """

    low: float = 0.5
    """ratio of losses below which the generator takes extra steps"""
    high: float = 4.0
    """ratio of losses above which the critic takes extra steps"""
    extra: int = 1
    """extra steps"""

    def __post_init__(self) -> None:
        above("LossRatio.low", self.low, 0)
        within("LossRatio.high", self.high, self.low, math.inf, open_low=True, note=f"LossRatio.low is {self.low}")
        whole_fields(self, "extra")

    def steps(self, usual: Steps, critic_loss: float, generator_loss: float) -> Steps:
        """The steps of a round that follows one with these losses."""
        if not (critic_loss > 0.0 and generator_loss > 0.0):  # no losses yet, or a ratio without meaning
            return usual
        ratio = critic_loss / generator_loss
        return Steps(usual.critic + self.extra * (ratio > self.high), usual.generator + self.extra * (ratio < self.low))
