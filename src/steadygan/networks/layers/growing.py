"""ProGAN's networks, which grow: all levels are built at once, and those up to the present one are used.

A level fades in beside the one below (Karras et al. 2018, section 2): with t the share of the level below, the
generator's image is (1 - t) of the new level's and t of the lower one's, doubled; in the critic the maps of the new
level are mixed with those of the image's 2x2 means. Images have their full size at every level, as in the authors'
code: the generator repeats the pixels of a smaller one, and the critic takes means.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from steadygan.networks.layers import activations
from steadygan.networks.layers.convolutions import SameConv, UpsampleConv
from steadygan.networks.layers.equalized import PixelNorm, equalized
from steadygan.networks.layers.generator_critic import ScoreHead
from steadygan.networks.layers.linear import FullPrecisionLinear
from steadygan.networks.layers.minibatch import MinibatchStddev
from steadygan.networks.layers.reconstruction import FullPrecision
from steadygan.types import CriticOutput

_ROOT_2 = math.sqrt(2.0)
_FIRST_GAIN = _ROOT_2 / 4  # of the generator's first layer (authors' code)


class Growing(nn.Module):
    """A network of several levels. New, it has its full size.

    The level is a number of Python, for which steps are compiled anew; the fade a 0-d buffer, for which they are not.
    Both are saved with the weights.
    """

    fade: Tensor
    present: Tensor

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.levels = levels
        self.level = levels - 1
        self.register_buffer("fade", torch.zeros(()))
        self.register_buffer("present", torch.tensor(self.level))

    def grow(self, level: int, fade: float) -> None:
        """Uses the levels up to this one, and of the one below it a share ``fade``."""
        self.level = level
        self.present.fill_(level)
        self.fade.fill_(fade if level else 0.0)

    def grow_as_saved(self) -> None:
        """Uses the level that the buffers name; waits for the device."""
        self.level = min(max(0, int(self.present)), self.levels - 1)

    @property
    def factor(self) -> int:
        """Pixels of a side of a full-sized image for one of the present level's."""
        return 1 << (self.levels - 1 - self.level)

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *arguments: Any) -> None:
        super()._load_from_state_dict(state_dict, prefix, *arguments)
        if f"{prefix}present" in state_dict:
            self.grow_as_saved()

    def extra_repr(self) -> str:
        return f"level={self.level} of 0 to {self.levels - 1}"


def repeated(images: Tensor, factor: int) -> Tensor:
    """Images [N, C, H, W] with each pixel ``factor`` times in both directions."""
    return images if factor == 1 else F.interpolate(images, scale_factor=float(factor), mode="nearest")


def means(images: Tensor, factor: int) -> Tensor:
    """Images [N, C, H, W] made of the means of squares of ``factor`` pixels."""
    return images if factor == 1 else F.avg_pool2d(images, factor)


def mixed(new: Tensor, old: Tensor, fade: Tensor) -> Tensor:
    """(1 - fade) new + fade old: exactly ``new`` at 0 and ``old`` at 1."""
    return torch.lerp(new, old.to(new.dtype), fade.to(new.dtype))


def as_grown(images: Tensor, factor: int, fade: Tensor | None) -> Tensor:
    """Full-sized images [N, C, H, W] with the detail of a level of growing networks, at their full size.

    Args:
        images: real ones
        factor: pixels of a side for one of the level's
        fade: share of the level below, of half the size; None: 0
    """
    small = means(images, factor)
    if fade is not None:
        small = mixed(small, repeated(means(small, 2), 2), fade)
    grown = repeated(small, factor)
    return grown.contiguous(memory_format=torch.channels_last)


def _conv(inputs: int, outputs: int, kernel: int = 3, *, gain: float = _ROOT_2) -> nn.Conv2d:
    return equalized(SameConv(inputs, outputs, kernel), gain=gain)


class GrowingGenerator(Growing):
    """Latents [N, D] to images [N, channels, H, W]: maps that double at each level, a 1x1 convolution to pixels.

    Latents and, after its activation, each 3x3 convolution are pixel-normed. Pixels are a linear function of maps.
    """

    def __init__(self, latent: int, widths: Sequence[int], start: tuple[int, int], channels: int) -> None:
        """
        Args:
            latent: D
            widths: feature maps of each level, from the smallest maps up
            start: height and width of the first maps
            channels: of an image
        """
        super().__init__(len(widths))
        first = equalized(nn.ConvTranspose2d(latent, widths[0], start), gain=_FIRST_GAIN, fan_in=latent)
        begin = [PixelNorm(), nn.Unflatten(1, (latent, 1, 1)), *self._layer(first)]
        self.blocks = nn.ModuleList([nn.Sequential(*begin, *self._layer(_conv(widths[0], widths[0])))])
        for width, following in pairwise(widths):
            doubled = equalized(UpsampleConv(width, following, 3))
            self.blocks.append(nn.Sequential(*self._layer(doubled), *self._layer(_conv(following, following))))
        self.colours = nn.ModuleList(FullPrecision(_conv(width, channels, 1, gain=1.0)) for width in widths)

    @staticmethod
    def _layer(convolution: nn.Module) -> list[nn.Module]:
        return [convolution, activations.make("leaky_relu", critic=False), PixelNorm()]

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Tensor:
        x = before = latents
        for block in self.blocks[: self.level + 1]:
            before, x = x, block(x)
        images: Tensor = self.colours[self.level](x)
        if self.level:
            images = mixed(images, repeated(self.colours[self.level - 1](before), 2), self.fade)
        return repeated(images, self.factor)


class GrowingCritic(Growing):
    """Images [N, channels, H, W] to a CriticOutput: a 1x1 convolution from pixels, then maps that halve at each level.

    At the end: minibatch standard deviation as one more map, a 3x3 convolution, a dense layer, a linear score.
    """

    largest_first = ("entries", "blocks")
    """lists of modules in which a number from the end stands for a size of maps (``training.starting``)"""

    def __init__(
        self,
        widths: Sequence[int],
        start: tuple[int, int],
        channels: int,
        group: int | None,
        *,
        classes: int = 0,
        features: bool = False,
    ) -> None:
        """
        Args:
            widths: feature maps of each level, from the smallest maps up
            start: height and width of the smallest maps
            channels: of an image
            group: samples in a group of the standard deviation; None for the whole batch
            classes: number of class logits; 0 for none
            features: also output the last hidden layer
        """
        super().__init__(len(widths))
        falling = widths[::-1]
        entries = [nn.Sequential(_conv(channels, width, 1), self._activation()) for width in falling]
        self.entries = nn.ModuleList(entries)
        """of each level, the full size first"""
        self.blocks = nn.ModuleList(
            nn.Sequential(*self._layer(width, width), *self._layer(width, smaller), nn.AvgPool2d(2))
            for width, smaller in pairwise(falling)
        )
        """of each level but the smallest, the full size first"""
        width = widths[0]
        self.end = nn.Sequential(
            MinibatchStddev(group),
            *self._layer(width + 1, width),
            nn.Flatten(),
            equalized(FullPrecisionLinear(width * math.prod(start), width)),
            self._activation(),
        )
        self.head = ScoreHead(width, "he", classes=classes, features=features)
        for last in (self.head.score, self.head.class_logits):
            if last is not None:
                equalized(last, gain=1.0)

    def parts_in_order(self) -> list[nn.Module]:
        """The parts with weights on the path of an image of full size, then the entries of smaller ones."""
        return [self.entries[0], *self.blocks, self.end, self.head, *self.entries[1:]]

    @staticmethod
    def _activation() -> nn.Module:
        return activations.make("leaky_relu", critic=True)

    @classmethod
    def _layer(cls, inputs: int, outputs: int) -> list[nn.Module]:
        return [_conv(inputs, outputs), cls._activation()]

    def forward(self, samples: Tensor, labels: Tensor | None = None) -> CriticOutput:
        images, at = means(samples, self.factor), self.levels - 1 - self.level
        x = self.entries[at](images)
        if self.level:
            x = mixed(self.blocks[at](x), self.entries[at + 1](means(images, 2)), self.fade)
            for block in self.blocks[at + 1 :]:
                x = block(x)
        output: CriticOutput = self.head(self.end(x))
        return output
