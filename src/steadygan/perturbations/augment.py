"""ADA's augmentations, each with probability p: six groups of transformations (Karras et al. 2020, ADA, App. B).

All of an image's geometry is one matrix and one resampling, all changes of colour are one matrix. Each transformation
is affine in the image for given numbers, so a penalty can differentiate through it twice. Pixels are from -1 to 1.
Alpha, the last of 2 or 4 channels, moves with the picture and keeps its values in ``color``.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from steadygan.checks import one_of, refused
from steadygan.device_constants import constant
from steadygan.errors import UsageError
from steadygan.perturbations.chances import (
    NORMAL,
    UNIFORM,
    Chances,
    band_gains,
    cut_centre,
    cut_size,
    noise_deviation,
    placement,
    tint,
)
from steadygan.perturbations.placing import resampled
from steadygan.perturbations.scales import by_the_finest
from steadygan.perturbations.wavelets import BAND_FILTERS
from steadygan.schedules import Constant, Schedule, schedule_fields
from steadygan.types import RandomSpec, S, has_alpha

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Group: TypeAlias = Literal["blit", "geometry", "color", "filter", "noise", "cutout"]
GROUPS: tuple[Group, ...] = ("blit", "geometry", "color", "filter", "noise", "cutout")
"""in order of application"""


@dataclass(frozen=True)
class Augment:
    """ADA's augmentations: each transformation of an image with probability p, drawn for each by itself.

    Karras et al. 2020 (Training Generative Adversarial Networks with Limited Data). In ``Adaptive`` p is controlled by
    the critic's overfitting. A p above 0.8 or so leaks: samples show the augmentations.
    """

    groups: tuple[Group, ...] = ("blit", "geometry", "color")
    """blit: flips, quarter turns, whole-pixel shifts; geometry: scales, rotations, shifts; color; filter: octave bands;
    noise; cutout; always applied in this order. The first three are the paper's choice (bgc)"""
    probability: Schedule = Constant(1.0)
    """p of each transformation; in ``Adaptive`` a factor of the controlled p"""
    takes_probability: ClassVar[bool] = True
    """True: the strength is the probability of each transformation"""

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", tuple(self.groups))  # a list is as good, and reads back as a tuple
        for index, name in enumerate(self.groups):
            one_of(f"Augment.groups[{index}]", name, GROUPS)
        if not self.groups or len(set(self.groups)) < len(self.groups):
            raise refused("Augment.groups", list(self.groups), f"one or more of {', '.join(GROUPS)}, each once")
        schedule_fields(self, "probability", high=1.0)

    def random_specs(self, shape: tuple[int, ...]) -> tuple[RandomSpec, ...]:
        if len(shape) != 3:
            raise UsageError(
                f"Augment perturbs images, but a sample has shape {list(shape)}: use InstanceNoise, or none"
            )
        numbers = RandomSpec("uniform", (UNIFORM,)), RandomSpec("normal", (NORMAL,))
        return (*numbers, RandomSpec("normal", shape)) if "noise" in self.groups else numbers

    def strength(self, round_: int) -> float:
        """p of each transformation."""
        return self.probability(round_)

    def initial_state(self) -> tuple[Tensor, ...]:
        return ()

    def apply(self, samples: S, drawn: tuple[Tensor, ...], strength: Tensor, state: tuple[Tensor, ...] = ()) -> S:
        """Images [N, C, H, W], each changed by the transformations whose coins are below ``strength``."""
        import torch

        uniform, normal, *maps = drawn

        def changed(images: Tensor) -> Tensor:
            with _plain_precision(images.device.type):
                wide = images if images.dtype == torch.float64 else images.float()
                of = Chances(uniform.to(wide.dtype), normal.to(wide.dtype), strength.to(wide.dtype))
                return self._changed(wide, of, maps).to(images.dtype)

        return by_the_finest(changed, samples)

    def _changed(self, images: Tensor, of: Chances, maps: list[Tensor]) -> Tensor:
        import torch

        # one layout for what follows: traced strides of padding and sampling differ from the kernels' on other ones
        images = images.clone(memory_format=torch.contiguous_format)
        if "blit" in self.groups or "geometry" in self.groups:
            images = resampled(images, placement(of, self.groups, *images.shape[2:]))
        if "color" in self.groups:
            images = _tinted(images, of)
        if "filter" in self.groups:
            images = filtered(images, band_gains(of))
        if "noise" in self.groups:
            images = images + noise_deviation(of)[:, None, None, None] * maps[0].to(images.dtype)
        return _cut(images, of) if "cutout" in self.groups else images

    def next_state(self, real_scores: Tensor, state: tuple[Tensor, ...], batch: int) -> tuple[Tensor, ...]:
        return state


def _plain_precision(device: str) -> AbstractContextManager[Any]:
    """Context without autocast, which the meta device does not have."""
    import torch

    return nullcontext() if device == "meta" else torch.autocast(device, enabled=False)


def _tinted(images: Tensor, of: Chances) -> Tensor:
    """The colours of each pixel changed; alpha stays."""
    import torch

    if not has_alpha(images.shape[1]):
        return tint(of, images.shape[1]).apply(images)
    colours = images[:, :-1]
    return torch.cat([tint(of, colours.shape[1]).apply(colours), images[:, -1:]], 1)


def filtered(images: Tensor, gains: Tensor) -> Tensor:
    """Octave bands of each image [N, C, H, W] multiplied by gains [N, 4], the lowest first; borders are mirrored.

    The filter is separable: the gains act on rows, then on columns.
    """
    from torch.nn.functional import conv2d

    count, channels, height, width = images.shape
    bank = constant(BAND_FILTERS, images)
    kernels = (gains @ bank).repeat_interleave(channels, 0)
    taps = bank.shape[1]
    x = images.reshape(1, count * channels, height, width)
    for axis, side in ((3, width), (2, height)):
        index = mirrored(side, taps // 2, images.device)
        x = x.index_select(axis, index)
        kernel = kernels.reshape(-1, 1, 1, taps) if axis == 3 else kernels.reshape(-1, 1, taps, 1)
        x = conv2d(x, kernel, groups=count * channels)
    return x.reshape(images.shape)


def mirrored(side: int, beyond: int, device: torch.device) -> Tensor:
    """Indices of a row that is mirrored about its first and last pixel, ``beyond`` more on both sides."""
    import torch

    period = max(1, 2 * (side - 1))
    index = torch.arange(-beyond, side + beyond, device=device) % period
    return torch.where(index < side, index, period - index)


def _cut(images: Tensor, of: Chances) -> Tensor:
    """A rectangle of each image set to 0."""
    import torch

    height, width = images.shape[2:]
    size = cut_size(of)[:, None] / 2
    inside = []
    for side, centre in zip((width, height), cut_centre(of), strict=True):
        at = (torch.arange(side, dtype=images.dtype, device=images.device) + 0.5) / side
        inside.append((at - centre[:, None]).abs() < size)
    return torch.where(inside[1][:, None, :, None] & inside[0][:, None, None, :], 0.0, images)
