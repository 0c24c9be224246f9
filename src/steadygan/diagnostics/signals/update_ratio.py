"""Update-to-weight ratio: the norm of a parameter's change in a step over the parameter's norm."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from steadygan.diagnostics.signals.critic_passes import norm_of, read
from steadygan.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn


class UpdateRatios(NamedTuple):
    """Ratios |w' - w| / |w|, without unit."""

    parameters: dict[str, float]
    """0 for a parameter that did not move; infinite for one that left 0"""

    @property
    def middle(self) -> float:
        """The median over parameters."""
        return median(self.parameters.values())

    @property
    def largest(self) -> float:
        return max(self.parameters.values())


def parameters_before(network: nn.Module) -> dict[str, Tensor]:
    """Copies of a network's parameters by name, for ``update_ratios`` after a step."""
    return {name: parameter.detach().clone() for name, parameter in network.named_parameters()}


def update_ratios(before: Mapping[str, Tensor], after: nn.Module | Mapping[str, Tensor]) -> UpdateRatios:
    """Ratios of the parameters before and after one or several steps, by name; one read of the device.

    About 1e-3 a step is a rule of thumb; 0 for every parameter is a network that gets no gradient.
    Published limits for classifiers, unconfirmed for GANs: above 10 and below 1e-8 are faults [SageMaker Debugger].

    Raises:
        UsageError: other names or shapes than before, or none.
    """
    now = after if isinstance(after, Mapping) else dict(after.named_parameters())
    if not before or set(before) != set(now):
        missing = sorted(set(before) ^ set(now))
        raise UsageError(f"before and after have other parameters: {', '.join(missing[:3]) or 'there are none'}")
    norms = []
    for name, old in before.items():
        if old.shape != now[name].shape:
            raise UsageError(f"{name} has shape {list(old.shape)} before, {list(now[name].shape)} after; needed: one")
        norms += [norm_of(now[name].detach() - old.to(now[name].device)), norm_of(old).to(now[name].device)]
    numbers = read(norms)
    pairs = zip(before, numbers[::2], numbers[1::2], strict=True)
    return UpdateRatios({name: change / norm if norm else _of_zero(change) for name, change, norm in pairs})


def _of_zero(change: float) -> float:
    return float("inf") if change > 0 else change
