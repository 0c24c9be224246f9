"""What networks make, as numbers of the data: the way back of ``representations`` and ``Units``, without rounding.

Rounded to whole levels, pictures are those of ``Run.decode``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from steadygan.representations import OneHot, Plain, Pyramid
from steadygan.types import SampleSpec, has_alpha

if TYPE_CHECKING:
    from steadygan.data.units import Units
    from steadygan.representations import RepresentationLike


class Levels(nn.Module):
    """Pictures in [low, high] to levels 0 to 255, float32 [N, C, H, W], not rounded."""

    def __init__(self, plain: Plain) -> None:
        super().__init__()
        self.low, self.span = plain.low, plain.high - plain.low
        self.in_256ths = plain.dequantise == "paper"
        self.over_white = plain.colour == "over_white"

    def forward(self, samples: Tensor) -> Tensor:
        samples = samples.float()  # of a network of the user's own, as wide as it likes
        if self.in_256ths:  # level k stands for the interval [k, k + 1) / 256, whose middle is rounded to k
            levels = (samples - self.low) * (256.0 / self.span) - 0.5
        else:
            levels = (samples - self.low) * (255.0 / self.span)
        levels = levels.clamp(0.0, 255.0)
        return _uncovered(levels) if self.over_white and has_alpha(samples.shape[1]) else levels


def _uncovered(levels: Tensor) -> Tensor:
    """Pictures whose colours were composited on white, with the colours below; alpha is the last channel.

    Colours are divided by the whole level of alpha, as ``Plain.decode`` does; where that is 0 they are white.
    """
    alpha = levels[:, -1:]
    whole = alpha.round()
    missing = (255.0 - levels[:, :-1]) * (255.0 / whole.clamp(min=1.0))
    colours = torch.where(whole > 0, 255.0 - missing, 255.0).clamp(0.0, 255.0)
    return torch.cat([colours, alpha], 1)


class Numbers(nn.Module):
    """Points, signals, volumes, bands and rows in the units of the data, float32 [N, ...], not rounded."""

    scales: Tensor
    offsets: Tensor

    def __init__(self, representation: RepresentationLike, units: Units | None, dimensions: int) -> None:
        """
        Args:
            representation: whose ``decode`` comes first
            units: of numbers that were scaled for training; None: there are none
            dimensions: of a batch
        """
        super().__init__()
        self.representation = representation
        self.scaled = units is not None
        if units is not None:
            shape = (-1, *(1,) * (dimensions - 2))
            for name, values in (("scales", units.scales), ("offsets", units.offsets)):
                self.register_buffer(name, torch.tensor(values, dtype=torch.float64).reshape(shape))

    def forward(self, samples: Tensor) -> Tensor:
        made = self.representation.decode(samples).to(torch.float32)
        if self.scaled:  # in float64: offsets such as those of dates are far larger than the scales
            made = (made.double() * self.scales + self.offsets).to(torch.float32)
        return made


class Characters(nn.Module):
    """Text [N, V, L] to the likeliest character of each position, int64 [N, L]."""

    def forward(self, samples: Tensor) -> Tensor:
        return samples.argmax(1)


def values_of(representation: RepresentationLike, sample: SampleSpec, units: Units | None) -> nn.Module:
    """The map from what a network makes, at its finest scale, to numbers of the data.

    Args:
        representation: of the recipe
        sample: what networks make
        units: of the data
    """
    image = representation.image if isinstance(representation, Pyramid) else representation
    if isinstance(image, Plain) and sample.is_picture:
        return Levels(image)
    if isinstance(representation, OneHot):
        return Characters()
    return Numbers(representation, units, 1 + len(sample.shape))
