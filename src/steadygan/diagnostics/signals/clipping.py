"""Share of a critic's weights at the bound of weight clipping: capacity lost to it (WGAN-GP, figure 1b).

Clipping drives weights to the two ends of what it allows, and the critic to the simplest functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from steadygan.checks import above, within
from steadygan.diagnostics.signals.critic_passes import read
from steadygan.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn


class ClippedShare(NamedTuple):
    """Share of the weights at the bound."""

    total: float
    """of all weights, 0 to 1"""
    layers: dict[str, float]
    """of each parameter's"""


def clipped_share(
    weights: nn.Module | Mapping[str, Tensor] | Iterable[tuple[str, Tensor]], limit: float, *, near: float = 0.999
) -> ClippedShare:
    """Share of weights w with |w| >= near * limit, of a critic's parameters or of named tensors.

    Known values [measured small-scale], after 350 to 700 steps: below .05 is healthy; .89 at a limit of 0.01 in eight
    layers; .18 at 0.1 in three layers. At a limit of 1 the gradients explode first (.0005).

    Raises:
        UsageError: a limit that is not above 0, no weights.
    """
    above("limit", limit, 0)
    within("near", near, 0, 1, open_low=True)
    named = dict(_named(weights))
    if not named:
        raise UsageError("there are no weights to look at; needed: a module with parameters, or named tensors")
    counts = read([(tensor.detach().abs() >= near * limit).sum() for tensor in named.values()])
    sizes = [tensor.numel() for tensor in named.values()]
    layers = {name: count / max(1, size) for name, count, size in zip(named, counts, sizes, strict=True)}
    return ClippedShare(sum(counts) / max(1, sum(sizes)), layers)


def _named(weights: nn.Module | Mapping[str, Tensor] | Iterable[tuple[str, Tensor]]) -> Iterable[tuple[str, Tensor]]:
    from torch import nn

    if isinstance(weights, nn.Module):
        return weights.named_parameters()
    return weights.items() if isinstance(weights, Mapping) else weights
