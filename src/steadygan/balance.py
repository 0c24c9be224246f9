"""Which player steps how often in a round, by what the last round's losses were."""

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
    """The player whose loss was too high beside the other's in the last round takes ``extra`` steps more in this one.

    Off unless a recipe names it, with reason. Balancing by the number of updates is short-sighted: the losses of two
    players that both get better tell little about which one is behind, most published trainings that went this way
    could do without, and a better balance is had from two rates (TTUR), spectral norm, or noise on what the critic
    sees (lesson 4 of M. Pasini's ten lessons, 2019). Watch samples, not the ratio.

    The ratio is critic loss (penalties included) to generator loss, each of the last step of the last round. It says
    something for losses that stay above 0; where one of them is not above 0, both players take their usual steps. Two
    equal players stand at 2 under NonSaturating. Reading both losses makes the host wait for the device once a round.
    """

    low: float = 0.5
    """below this ratio the generator takes more steps"""
    high: float = 4.0
    """above this ratio the critic takes more steps"""
    extra: int = 1
    """how many more"""

    def __post_init__(self) -> None:
        above("LossRatio.low", self.low, 0)
        within("LossRatio.high", self.high, self.low, math.inf, open_low=True, note=f"LossRatio.low is {self.low}")
        whole_fields(self, "extra")

    def steps(self, usual: Steps, critic_loss: float, generator_loss: float) -> Steps:
        """The steps of a round after one with these losses."""
        if not (critic_loss > 0.0 and generator_loss > 0.0):  # none yet, or losses whose ratio says nothing
            return usual
        ratio = critic_loss / generator_loss
        return Steps(usual.critic + self.extra * (ratio > self.high), usual.generator + self.extra * (ratio < self.low))
