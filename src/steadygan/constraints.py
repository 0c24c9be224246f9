"""Constraints on the critic's parameters: weight clipping.

Spectral normalisation is a property of layers: see ``networks.layers.spectral``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from steadygan.checks import above, one_of

if TYPE_CHECKING:
    from torch import Tensor, nn


def clip_weights(parameters: Iterable[Tensor], limit: float = 0.01) -> None:
    """Clamps each parameter to [-limit, limit], in place (Arjovsky et al. 2017, Algorithm 1)."""
    import torch

    above("limit", limit, 0)
    tensors = list(parameters)
    if not tensors:  # torch's foreach functions refuse an empty list
        return
    with torch.no_grad():
        torch._foreach_clamp_min_(tensors, -limit)
        torch._foreach_clamp_max_(tensors, limit)


@dataclass(frozen=True)
class WeightClip:
    """Clamps all parameters of the critic to [-limit, limit] at each of its steps (WGAN, Algorithm 1)."""

    limit: float = 0.01
    """c: bound of each parameter"""
    when: Literal["after", "before"] = "after"
    """after each critic step (WGAN-GP authors' code), or before it (WGAN authors' code)"""
    spare_norms: bool = False
    """do not clip scales and offsets of normalisation layers (both official codes do)"""

    def __post_init__(self) -> None:
        above("WeightClip.limit", self.limit, 0)
        one_of("WeightClip.when", self.when, ("after", "before"))

    def targets(self, critic: nn.Module) -> list[Tensor]:
        """The parameters that are clipped."""
        from steadygan.networks.layers.inspect import is_norm

        return [
            parameter
            for module in critic.modules()
            if not (self.spare_norms and is_norm(module))
            for parameter in module.parameters(recurse=False)
        ]

    def apply(self, targets: list[Tensor]) -> None:
        """Clips the parameters from ``targets``, in place."""
        clip_weights(targets, self.limit)


class ConstraintLike(Protocol):
    """An operation on the critic's parameters at each critic step."""

    @property
    def when(self) -> Literal["after", "before"]: ...
    def targets(self, critic: nn.Module) -> list[Tensor]: ...
    def apply(self, targets: list[Tensor]) -> None: ...


if TYPE_CHECKING:
    Constraint: TypeAlias = ConstraintLike
else:
    Constraint = WeightClip
