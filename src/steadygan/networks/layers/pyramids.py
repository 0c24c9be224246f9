"""MSG-GAN's generator and critic of images at several sizes at once (Karnewar & Wang 2020)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from steadygan.errors import UsageError
from steadygan.networks.layers import activations
from steadygan.networks.layers.convolutions import SameConv, UpsampleConv
from steadygan.networks.layers.equalized import Hypersphere, PixelNorm, equalized
from steadygan.networks.layers.generator_critic import ScoreHead
from steadygan.networks.layers.minibatch import MinibatchStddev
from steadygan.networks.layers.reconstruction import FullPrecision
from steadygan.types import CriticOutput, Sample, Scales, register_scales

register_scales()

_ROOT_2 = math.sqrt(2.0)


def _conv(inputs: int, outputs: int, kernel: int = 3, *, gain: float = _ROOT_2) -> nn.Conv2d:
    return equalized(SameConv(inputs, outputs, kernel), gain=gain)


class PyramidGenerator(nn.Module):
    """Latents [N, D] to ``Scales``: maps that double in size, and at each size a 1x1 convolution from maps to pixels.

    Latents are rescaled to the sphere of radius sqrt(D). Each 3x3 convolution is followed by a leaky ReLU and, but
    for the first, by pixel norm. There is no tanh: pixels are a linear function of normalised maps, in float32.
    """

    def __init__(
        self, latent: int, maps: Mapping[int, int], start: tuple[int, int], channels: int, *, single: bool = False
    ) -> None:
        """
        Args:
            latent: D
            maps: number of feature maps at each size in pixels, of the shorter side, coarse to fine
            start: height and width of the coarsest image
            channels: of an image
            single: the finest image alone, as one tensor
        """
        super().__init__()
        widths = list(maps.values())
        first = nn.ConvTranspose2d(latent, widths[0], start)
        opening = [
            Hypersphere(),
            nn.Unflatten(1, (latent, 1, 1)),
            equalized(first, fan_in=latent),
            activations.make("leaky_relu", critic=False),
            *self._layer(_conv(widths[0], widths[0])),
        ]
        self.blocks = nn.ModuleList([nn.Sequential(*opening)])
        for width, following in pairwise(widths):
            doubled = equalized(UpsampleConv(width, following, 3))
            self.blocks.append(nn.Sequential(*self._layer(doubled), *self._layer(_conv(following, following))))
        coloured = widths[-1:] if single else widths
        self.single = single
        self.colours = nn.ModuleList(FullPrecision(_conv(width, channels, 1, gain=1.0)) for width in coloured)

    @staticmethod
    def _layer(convolution: nn.Module) -> list[nn.Module]:
        return [convolution, activations.make("leaky_relu", critic=False), PixelNorm()]

    def forward(self, latents: Tensor, labels: Tensor | None = None) -> Sample:
        x = latents
        if self.single:
            for block in self.blocks:
                x = block(x)
            finest: Tensor = self.colours[0](x)
            return finest
        images = []
        for block, colours in zip(self.blocks, self.colours, strict=True):
            x = block(x)
            images.append(colours(x))
        return Scales(tuple(images))


class Combine(nn.Module):
    """Combines the maps of a critic with the image of their size: phi of MSG-GAN.

    simple: the image itself is concatenated; lin_cat: a 1x1 convolution of the image; cat_lin: a 1x1 convolution
    follows the concatenation. That these are the paper's definitions is unconfirmed; lin_cat is public code's.
    """

    def __init__(self, how: str, width: int, channels: int) -> None:
        """
        Args:
            how: simple, lin_cat or cat_lin
            width: feature maps of the output; with 'simple' the channels of the image are added
            channels: of an image
        """
        super().__init__()
        self.how = how
        self.inputs = width if how != "lin_cat" else width - width // 2
        """feature maps of the input"""
        self.outputs = width + channels if how == "simple" else width
        self.linear: nn.Module = nn.Identity()
        if how == "lin_cat":
            self.linear = _conv(channels, width // 2, 1)
        elif how == "cat_lin":
            self.linear = _conv(width + channels, width, 1)

    def forward(self, x: Tensor, image: Tensor) -> Tensor:
        if self.how == "cat_lin":
            mixed: Tensor = self.linear(torch.cat([image.to(x.dtype), x], dim=1))
            return mixed
        return torch.cat([self.linear(image).to(x.dtype), x], dim=1)


class PyramidCritic(nn.Module):
    """``Scales`` to a CriticOutput: the finest image enters through a 1x1 convolution, the others by ``Combine``.

    Between sizes: two 3x3 convolutions with leaky ReLUs and 2x2 means. At the coarsest size: minibatch standard
    deviation as one more map, a 3x3 convolution, a dense layer (public code's 4x4 convolution), a linear score.
    """

    def __init__(
        self,
        maps: Mapping[int, int],
        end: tuple[int, int],
        channels: int,
        combine: str,
        group: int | None,
        features: bool,
    ) -> None:
        """
        Args:
            maps: number of feature maps at each size in pixels, of the shorter side, coarse to fine
            end: height and width of the coarsest image
            channels: of an image
            combine: simple, lin_cat or cat_lin; none: there is no image but the finest, given as one tensor
            group: samples in a group of the standard deviation; None for the whole batch
            features: also output the last hidden layer
        """
        super().__init__()
        self.sides, widths = list(maps), list(maps.values())
        self.single = combine == "none"
        self.entry = _conv(channels, widths[-1], 1)
        self.blocks = nn.ModuleList()
        self.combines = nn.ModuleList()
        inputs = widths[-1]
        for width, coarser in zip(widths[:0:-1], widths[-2::-1], strict=True):
            following, outputs = coarser, coarser
            if combine != "none":
                combined = Combine(combine, coarser, channels)
                self.combines.append(combined)
                following, outputs = combined.inputs, combined.outputs
            self.blocks.append(nn.Sequential(*self._layer(inputs, width), *self._layer(width, following)))
            inputs = outputs
        width = widths[0]
        dense = equalized(nn.Linear(width * math.prod(end), width))
        self.end = nn.Sequential(
            MinibatchStddev(group),
            *self._layer(inputs + 1, width),
            nn.Flatten(),
            dense,
            activations.make("leaky_relu", critic=True),
        )
        self.head = ScoreHead(width, "he", features=features)
        equalized(self.head.score, gain=1.0)

    @staticmethod
    def _layer(inputs: int, outputs: int) -> list[nn.Module]:
        return [_conv(inputs, outputs), activations.make("leaky_relu", critic=True)]

    def forward(self, samples: Sample, labels: Tensor | None = None) -> CriticOutput:
        """Raises UsageError for samples of other sizes."""
        *coarser, finest = self._checked(samples)
        x = self.entry(finest)
        joining = zip(self.combines, coarser[::-1], strict=True)
        for block in self.blocks:
            x = F.avg_pool2d(block(x), 2)
            if not self.single:
                combine, image = next(joining)
                x = combine(x, image)
        output: CriticOutput = self.head(self.end(x))
        return output

    def _checked(self, samples: Sample) -> tuple[Tensor, ...]:
        if self.single:
            if isinstance(samples, Tensor) and min(samples.shape[-2:]) == self.sides[-1]:
                return (samples,)
            raise UsageError(
                f"the critic reads single images of {self.sides[-1]} px: it goes with representation Plain, and with a "
                "generator that is single too"
            )
        got = [min(image.shape[-2:]) for image in samples.images] if isinstance(samples, Scales) else []
        if got != self.sides or not isinstance(samples, Scales):
            sizes = "samples of one size" if not got else f"images of {', '.join(map(str, got))} px"
            raise UsageError(
                f"the critic reads images of {', '.join(map(str, self.sides))} px together, but got {sizes}: "
                f"it goes with representation Pyramid(least={self.sides[0]})"
            )
        return samples.images
