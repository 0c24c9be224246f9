"""Distances between samples that inversion descends: pixels, pixels at several scales, layers of a critic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn

Described = tuple["Tensor", ...]
"""what a distance compares of samples, [N, ...] each"""

COARSEST = 8
"""pixels of a side below which images are not halved"""


class Distance(Protocol):
    """A distance of samples, in two parts, so that targets are described once."""

    @property
    def words(self) -> str:
        """what it is, for people"""

    def describe(self, samples: Tensor) -> Described: ...

    def between(self, described: Described, wanted: Described) -> Tensor:
        """[N] or, of one target, [1] broadcast against N."""


@dataclass(frozen=True)
class Absolute:
    """Mean absolute difference of all numbers (BEGAN)."""

    words: str = "mean absolute difference"

    def describe(self, samples: Tensor) -> Described:
        return (samples,)

    def between(self, described: Described, wanted: Described) -> Tensor:
        return (described[0] - wanted[0]).abs().flatten(1).mean(1)


@dataclass(frozen=True)
class Squares:
    """Mean squared difference: of images at their size and at halves of it down to 8 px, of other samples as is."""

    @property
    def words(self) -> str:
        return "squared differences, of pictures at several scales"

    def describe(self, samples: Tensor) -> Described:
        import torch.nn.functional as F

        levels = [samples]
        while samples.dim() == 4 and min(levels[-1].shape[-2:]) >= 2 * COARSEST:
            levels.append(F.avg_pool2d(levels[-1], 2))
        return tuple(levels)

    def between(self, described: Described, wanted: Described) -> Tensor:
        made = [(one - other).square().flatten(1).mean(1) for one, other in zip(described, wanted, strict=True)]
        total = made[0]
        for each in made[1:]:
            total = total + each
        return total / len(made)


@dataclass(frozen=True)
class CriticAndPixels:
    """``Squares`` plus the squared differences of a critic's layers, over the mean square of the target's, averaged.

    A stand-in for LPIPS-VGG of StyleGAN2's projection that needs no weights but those of the run. LPIPS divides each
    pixel's vector of maps by its norm; with the few maps of a small critic, some of them 0, that has many minima.
    """

    layers: Sequence[nn.Module]
    """in order, each [N, C, H, W] to [N, C', H', W']"""

    @property
    def words(self) -> str:
        return f"squared differences at several scales, and of {len(self.layers)} layers of the critic"

    def describe(self, samples: Tensor) -> Described:
        made, x = list(Squares().describe(samples)), samples
        for layer in self.layers:
            x = layer(x)
            made.append(x)
        return tuple(made)

    def between(self, described: Described, wanted: Described) -> Tensor:
        count = len(self.layers)
        pixels = Squares().between(described[:-count], wanted[:-count])
        pairs = zip(described[-count:], wanted[-count:], strict=True)
        of_layers = [(one - other).square().mean((1, 2, 3)) / _mean_square(other) for one, other in pairs]
        return pixels + sum(of_layers[1:], of_layers[0]) / count


def _mean_square(maps: Tensor) -> Tensor:
    return maps.square().mean((1, 2, 3)) + 1e-8


def critic_layers(critic: nn.Module) -> tuple[nn.Module, ...]:
    """The first layers of a critic of this library that see each picture by itself, without labels; () without any."""
    from torch import nn

    from steadygan.networks.layers.generator_critic import Critic, LabelledSequential

    if not isinstance(critic, Critic) or not isinstance(critic.trunk, LabelledSequential):
        return ()
    layers: list[nn.Module] = []
    for module in critic.trunk:
        mixes = any(hasattr(part, "couples_batch") for part in module.modules())
        if mixes or getattr(module, "takes_labels", False) or isinstance(module, nn.Flatten):
            break
        layers.append(module)
    return tuple(layers)
