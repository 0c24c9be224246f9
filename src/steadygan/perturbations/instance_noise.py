"""Instance noise: normal noise on what the critic sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.schedules import LinearDecay, Schedule, check_schedule
from steadygan.types import RandomSpec, S, at_each_scale, means_like

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class InstanceNoise:
    """Normal noise on each number of real and fake samples, so that their distributions overlap; fades to none.

    Sønderby et al. 2017; Arjovsky & Bottou 2017, section 3. The deviation that a data set needs is found by trying:
    too little changes nothing, and under too much the generator learns blurred samples.
    """

    deviation: Schedule = LinearDecay(start=0.1)
    """the noise's standard deviation, in the networks' units: pixels go from -1 to 1"""

    def __post_init__(self) -> None:
        check_schedule("InstanceNoise.deviation", self.deviation)

    def random_specs(self, shape: tuple[int, ...]) -> tuple[RandomSpec, ...]:
        return (RandomSpec("normal", shape),)

    def strength(self, round_: int) -> float:
        """The noise's standard deviation."""
        return self.deviation(round_)

    def initial_state(self) -> tuple[Tensor, ...]:
        return ()

    def apply(self, samples: S, drawn: tuple[Tensor, ...], strength: Tensor, state: tuple[Tensor, ...] = ()) -> S:
        """x + strength n, with n standard normal, [N, ...]; coarser scales of an image get the means of its noise."""
        (noise,) = drawn
        return at_each_scale(lambda x, n: x + (strength * n).to(x.dtype), samples, means_like(noise, samples))

    def next_state(self, real_scores: Tensor, state: tuple[Tensor, ...], batch: int) -> tuple[Tensor, ...]:
        return state
