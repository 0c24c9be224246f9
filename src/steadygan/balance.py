"""Steps of critic and generator in a round, balanced by their last losses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

from steadygan.checks import above, finite, refused, whole_fields, whole_number, within


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


@dataclass(frozen=True)
class StepsByLoss:
    """Generator steps by a loss of the critic in the last round: the lower it is, the more.

    Off by default. The defaults are those of the SGAN authors' CIFAR-10 code (Huang et al. 2017), for the mean logistic
    loss over real samples and fakes, which is ln 2 = 0.69 where the critic cannot tell them apart. Reading the loss
    makes the host wait for the device once a round.
    """

    of: str = "adversarial_loss"
    """number of the objective's state, by its logged name"""
    above: tuple[float, ...] = (0.65, 0.5, 0.3)
    """falling bounds of the loss"""
    steps_there: tuple[int, ...] = (1, 3, 5, 7)
    """generator steps where the loss is above the first bound, else the second, ..., and below all of them"""

    def __post_init__(self) -> None:
        object.__setattr__(self, "above", tuple(self.above))  # lists are accepted
        object.__setattr__(self, "steps_there", tuple(self.steps_there))
        for bound in self.above:
            finite("StepsByLoss.above", bound)
        for count in self.steps_there:
            whole_number("StepsByLoss.steps_there", count)
        if list(self.above) != sorted(set(self.above), reverse=True):
            raise refused("StepsByLoss.above", self.above, "falling bounds")
        if len(self.steps_there) != len(self.above) + 1:
            raise refused("StepsByLoss.steps_there", self.steps_there, f"{len(self.above) + 1} numbers of steps")

    def steps(self, usual: Steps, loss: float) -> Steps:
        """The steps of a round that follows one with this loss."""
        for bound, count in zip(self.above, self.steps_there, strict=False):
            if loss > bound:
                return Steps(usual.critic, count)
        return Steps(usual.critic, self.steps_there[-1])
