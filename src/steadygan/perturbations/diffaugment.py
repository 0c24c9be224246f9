"""DiffAugment: differentiable random colour, translation and cutout (Zhao et al. 2020).

Each is an affine map of the image for given numbers, so a penalty can differentiate through it twice. The ranges are
those of the published code, for pixels from -1 to 1; empty pixels are 0, middle grey. Of pictures with alpha (2 or 4
channels) colour changes the others alone, and empty pixels are 0 in alpha too, half transparent: were they like the
transparent surroundings of what is drawn, the critic could not tell a shifted picture from one that lies there, and the
generator would learn the shifts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from steadygan.checks import one_of, refused
from steadygan.errors import UsageError
from steadygan.perturbations.scales import by_the_finest
from steadygan.schedules import Constant, Schedule, schedule_fields
from steadygan.types import RandomSpec, S, has_alpha

if TYPE_CHECKING:
    from torch import Tensor

Transformation: TypeAlias = Literal["color", "translation", "cutout"]
ALL: tuple[Transformation, ...] = ("color", "translation", "cutout")
NUMBERS = 10
"""Uniform numbers for one image, whatever the policy: leaving out a transformation keeps the others' numbers."""

_REACH = 0.125  # of the side, in each direction
_CUT = 0.5  # of the side


def change_color(images: Tensor, numbers: Tensor) -> Tensor:
    """Random brightness, saturation and contrast, in this order.

    Brightness is shifted by -1/2 to 1/2, saturation multiplied by 0 to 2 (about the mean of the channels;
    no change to images of one channel), contrast by 1/2 to 3/2 (about the mean of the image). Alpha, the last of 2 or
    4 channels, is not changed, nor part of these means.

    Args:
        images: [N, C, H, W]
        numbers: [N, 3], uniform on [0, 1)
    """
    import torch

    if has_alpha(images.shape[1]):
        return torch.cat([change_color(images[:, :-1], numbers), images[:, -1:]], 1)
    brightness, saturation, contrast = numbers.to(images.dtype)[:, :, None, None, None].unbind(1)
    images = images + (brightness - 0.5)
    gray = images.mean(1, keepdim=True)
    images = gray + (images - gray) * (2.0 * saturation)
    mean = images.mean((1, 2, 3), keepdim=True)
    return mean + (images - mean) * (contrast + 0.5)


def translate(images: Tensor, numbers: Tensor) -> Tensor:
    """Random translation by whole pixels, up to an eighth of the side each way; empty pixels are 0.

    Args:
        images: [N, C, H, W]
        numbers: [N, 2], uniform on [0, 1): 0 is farthest up, or left
    """
    import torch

    height, width = images.shape[2:]
    down, right = _whole(numbers, [2 * _pixels(side, _REACH) + 1 for side in (height, width)])
    rows = torch.arange(height, device=images.device) - (down - _pixels(height, _REACH))[:, None]
    columns = torch.arange(width, device=images.device) - (right - _pixels(width, _REACH))[:, None]
    source = rows.clamp(0, height - 1)[:, :, None] * width + columns.clamp(0, width - 1)[:, None, :]
    moved = images.flatten(2).gather(2, source.flatten(1)[:, None].expand(-1, images.shape[1], -1))
    inside = ((rows >= 0) & (rows < height))[:, None, :, None] & ((columns >= 0) & (columns < width))[:, None, None, :]
    return torch.where(inside, moved.view(images.shape), 0.0)


def cut_out(images: Tensor, numbers: Tensor) -> Tensor:
    """Random cutout: a square of half the side is set to 0; its centre lies anywhere, so part of it may be outside.

    Args:
        images: [N, C, H, W]
        numbers: [N, 2], uniform on [0, 1): the centre
    """
    import torch

    sides = images.shape[2:]
    sizes = [_pixels(side, _CUT) for side in sides]
    middles = _whole(numbers, [side + 1 - size % 2 for side, size in zip(sides, sizes, strict=True)])
    covered = []
    for side, size, middle in zip(sides, sizes, middles, strict=True):
        offset = torch.arange(side, device=images.device) - (middle - size // 2)[:, None]
        covered.append((offset >= 0) & (offset < size))
    rows, columns = covered
    return torch.where(rows[:, None, :, None] & columns[:, None, None, :], 0.0, images)


def _pixels(side: int, share: float) -> int:
    return int(side * share + 0.5)


def _whole(numbers: Tensor, counts: list[int]) -> tuple[Tensor, ...]:
    """For each count, whole numbers 0 .. count - 1 [N] of a column of uniform numbers [N, len(counts)]."""
    return tuple((numbers[:, i] * count).long() for i, count in enumerate(counts))


class _Transformation(NamedTuple):
    function: Callable[[Tensor, Tensor], Tensor]
    coin: int
    """index of the number that decides whether it is applied to an image"""
    numbers: slice
    """its parameters"""


_TRANSFORMATIONS: dict[str, _Transformation] = {
    "color": _Transformation(change_color, 0, slice(1, 4)),
    "translation": _Transformation(translate, 4, slice(5, 7)),
    "cutout": _Transformation(cut_out, 7, slice(8, NUMBERS)),
}


@dataclass(frozen=True)
class DiffAugment:
    """DiffAugment: random colour, translation and cutout of real and fake images, for small data sets.

    Zhao et al. 2020. The generator is trained through the same transformations, so that it learns the data without
    them. If they leak into samples all the same, a probability below about 0.8 prevents it (Karras et al. 2020, 2.2).
    """

    policy: tuple[Transformation, ...] = ALL
    """transformations, in order of application"""
    probability: Schedule = Constant(1.0)
    """probability of each transformation, drawn for each image (the paper: 1; R3GAN: Cosine to 0.55)"""

    def __post_init__(self) -> None:
        object.__setattr__(self, "policy", tuple(self.policy))  # a list is as good, and reads back as a tuple
        for index, name in enumerate(self.policy):
            one_of(f"DiffAugment.policy[{index}]", name, ALL)
        if not self.policy or len(set(self.policy)) < len(self.policy):
            raise refused("DiffAugment.policy", list(self.policy), f"one or more of {', '.join(ALL)}, each once")
        schedule_fields(self, "probability", high=1.0)

    def random_specs(self, shape: tuple[int, ...]) -> tuple[RandomSpec, ...]:
        if len(shape) != 3:
            raise UsageError(
                f"DiffAugment perturbs images, but a sample has shape {list(shape)}: use InstanceNoise, or none"
            )
        return (RandomSpec("uniform", (NUMBERS,)),)

    def strength(self, round_: int) -> float:
        """The probability of a transformation."""
        return self.probability(round_)

    def initial_state(self) -> tuple[Tensor, ...]:
        return ()

    def apply(self, samples: S, drawn: tuple[Tensor, ...], strength: Tensor, state: tuple[Tensor, ...] = ()) -> S:
        """Images [N, C, H, W], changed by each transformation of the policy whose coin is below ``strength``.

        Coarser scales are changed as the finest one is (``by_the_finest``).
        """
        import torch

        (numbers,) = drawn

        def changed(images: Tensor) -> Tensor:
            for name in self.policy:
                each = _TRANSFORMATIONS[name]
                acts = numbers[:, each.coin, None, None, None] < strength
                images = torch.where(acts, each.function(images, numbers[:, each.numbers]), images)
            return images

        return by_the_finest(changed, samples)

    def next_state(self, real_scores: Tensor, state: tuple[Tensor, ...], batch: int) -> tuple[Tensor, ...]:
        return state
