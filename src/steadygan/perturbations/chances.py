"""ADA's random numbers as transformations: ranges and probabilities of each (Karras et al. 2020, ADA, App. B).

A transformation that its coin leaves out gets neutral numbers. Columns of the numbers are fixed, so that leaving out a
group keeps those of the others.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from steadygan.device_constants import constant
from steadygan.perturbations import tinting
from steadygan.perturbations.placing import shifting, stretching, turning
from steadygan.perturbations.tinting import Tint, no_tint

if TYPE_CHECKING:
    from torch import Tensor

UNIFORM, NORMAL = 29, 12
"""numbers for one image"""

SHIFT = 0.125
"""of the side: the largest whole-pixel shift, and the deviation of the other one"""
SCALE = 0.2
"""deviation of log2 of a scale"""
BRIGHTNESS, CONTRAST, SATURATION = 0.2, 0.5, 1.0
"""deviations: of the shift, and of log2 of the factors"""
POWER = (10 / 13, 1 / 13, 1 / 13, 1 / 13)
"""expected power of natural pictures in each band, the lowest first"""
NOISE = 0.1
"""deviation of the noise's deviation"""
CUT = 0.5
"""of the side"""


class Chances(NamedTuple):
    """The random numbers of N images, and p."""

    uniform: Tensor
    """[N, UNIFORM], on [0, 1)"""
    normal: Tensor
    """[N, NORMAL]"""
    p: Tensor
    """0-d"""

    def coin(self, column: int) -> Tensor:
        """[N] bool: True with probability p."""
        return self.uniform[:, column] < self.p

    def half_coin(self, column: int) -> Tensor:
        """[N] bool: True with probability 1 - sqrt(1 - p): of two such, p is that at least one acts."""
        return self.uniform[:, column] < 1.0 - (1.0 - self.p).clamp(min=0.0).sqrt()

    def between(self, column: int, reach: float) -> Tensor:
        """[N], uniform from -reach to reach."""
        return (self.uniform[:, column] * 2.0 - 1.0) * reach

    def factor(self, column: int, deviation: float) -> Tensor:
        """[N]: 2 to the power of normal numbers of this deviation."""
        return (self.normal[:, column] * deviation).exp2()


def _if(acts: Tensor, value: Tensor, neutral: float = 0.0) -> Tensor:
    import torch

    return torch.where(acts, value, neutral)


def placement(of: Chances, groups: Collection[str], height: int, width: int) -> Tensor:
    """Matrices [N, 3, 3] from coordinates of changed images to those of the given ones, in pixels from the centre.

    Flip, quarter turn and whole-pixel shift; then scale, rotation, stretch, rotation, shift.
    """
    steps: list[Tensor] = []  # inverses, in order of application
    if "blit" in groups:
        flip = _if(of.coin(0), 1.0 - 2.0 * (of.uniform[:, 1] * 2.0).floor(), 1.0)
        steps.append(stretching(flip, flip.new_ones(1).expand_as(flip)))
        steps.append(turning(_if(of.coin(2), (of.uniform[:, 3] * 4.0).floor() * (-math.pi / 2))))
        across, down = (_if(of.coin(4), of.between(5 + i, SHIFT)) for i in range(2))
        steps.append(shifting(-(across * width).round(), -(down * height).round()))
    if "geometry" in groups:
        scale = _if(of.coin(7), of.factor(0, SCALE), 1.0)
        steps.append(stretching(1.0 / scale, 1.0 / scale))
        steps.append(turning(_if(of.half_coin(8), of.between(9, math.pi))))
        stretch = _if(of.coin(10), of.factor(1, SCALE), 1.0)
        steps.append(stretching(1.0 / stretch, stretch))
        steps.append(turning(_if(of.half_coin(11), of.between(12, math.pi))))
        across, down = (_if(of.coin(13), of.normal[:, 2 + i] * SHIFT) for i in range(2))
        steps.append(shifting(-across * width, -down * height))
    inverse = steps[0]
    for step in steps[1:]:
        inverse = inverse @ step
    return inverse


def tint(of: Chances, channels: int) -> Tint:
    """Brightness, contrast, luma flip, hue (of three colours) and saturation (of two or more) as one map."""
    made = no_tint(len(of.uniform), channels, of.uniform)
    made = made.brighter(_if(of.coin(14), of.normal[:, 4] * BRIGHTNESS))
    made = made.then(tinting.contrast(_if(of.coin(15), of.factor(5, CONTRAST), 1.0), channels))
    made = made.then(tinting.luma_flip(_if(of.coin(16), (of.uniform[:, 17] * 2.0).floor()), channels))
    if channels == 3:
        made = made.then(tinting.hue(_if(of.coin(18), of.between(19, math.pi))))
    if channels > 1:
        made = made.then(tinting.saturation(_if(of.coin(20), of.factor(6, SATURATION), 1.0), channels))
    return made


def band_gains(of: Chances) -> Tensor:
    """Gains [N, 4] of octave bands; each change of one band is renormalised to keep the expected power."""
    import torch

    power = constant(POWER, of.uniform)
    gains = of.uniform.new_ones(1).expand(len(of.uniform), len(POWER))
    for band in range(len(POWER)):
        own = torch.arange(len(POWER), device=of.uniform.device) == band
        factor = _if(of.coin(21 + band), of.factor(7 + band, 1.0), 1.0)
        one_changed = torch.where(own, factor[:, None], 1.0)
        gains = gains * one_changed / (power * one_changed.square()).sum(1, keepdim=True).sqrt()
    return gains


def noise_deviation(of: Chances) -> Tensor:
    """[N], the deviation of the noise."""
    return _if(of.coin(25), of.normal[:, 11].abs() * NOISE)


def cut_size(of: Chances) -> Tensor:
    """[N], the side of the cut-out rectangle as a share of the image's."""
    return _if(of.coin(26), of.uniform.new_ones(1).expand(len(of.uniform)) * CUT)


def cut_centre(of: Chances) -> tuple[Tensor, Tensor]:
    """x and y [N] of its centre, 0 to 1."""
    return of.uniform[:, 27], of.uniform[:, 28]
