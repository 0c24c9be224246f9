"""What a training step asks of a penalty, and what all of them check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steadygan.penalties.locations import Location
from steadygan.schedules import Schedule, check_schedule

if TYPE_CHECKING:
    from torch import Tensor


class PenaltyLike(Protocol):
    """A place, a rule and a weight. ``at`` None: the rule is held against the scores of real samples.

    A weight that is a schedule is evaluated on the host once a round, and read on the device as a 0-d tensor.
    """

    @property
    def weight(self) -> float | Schedule: ...
    @property
    def at(self) -> Location | None: ...
    def hold(self, slope: Tensor) -> Tensor: ...


def check_weight(what: str, weight: float | Schedule) -> None:
    """Raises UsageError unless a weight, or both ends of a schedule of weights, are finite and 0 or more."""
    check_schedule(what, weight)
