"""Instance noise: normal noise on the critic's inputs (Sønderby et al. 2017; Arjovsky & Bottou 2017, section 3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from steadygan.schedules import LinearDecay, Schedule, schedule_fields
from steadygan.types import RandomSpec, S, at_each_scale, means_like

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class InstanceNoise:
    """Normal noise on real and fake samples, so that their distributions overlap; decays to none.

    Sønderby et al. 2017; Arjovsky & Bottou 2017, section 3. The deviation must be tuned to the data set: too little
    changes nothing, with too much the generator learns blurred samples.
    """

    deviation: Schedule = LinearDecay(start=0.1)
    """standard deviation of the noise, for pixels from -1 to 1"""

    def __post_init__(self) -> None:
        schedule_fields(self, "deviation")

    def random_specs(self, shape: tuple[int, ...]) -> tuple[RandomSpec, ...]:
        return (RandomSpec("normal", shape),)

    def strength(self, round_: int) -> float:
        """The noise's standard deviation."""
        return self.deviation(round_)

    def initial_state(self) -> tuple[Tensor, ...]:
        return ()

    def apply(self, samples: S, drawn: tuple[Tensor, ...], strength: Tensor, state: tuple[Tensor, ...] = ()) -> S:
        """x + strength n, with n standard normal, [N, ...]; coarser scales of an image get its average-pooled noise."""
        (noise,) = drawn
        return at_each_scale(lambda x, n: x + (strength * n).to(x.dtype), samples, means_like(noise, samples))

    def next_state(self, real_scores: Tensor, state: tuple[Tensor, ...], batch: int) -> tuple[Tensor, ...]:
        return state
