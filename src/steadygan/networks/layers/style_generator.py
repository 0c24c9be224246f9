"""StyleGAN2's generator: mapping network, styled convolutions with noise, and a sum of images of all sizes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from steadygan.networks.drawing import GeneratorDraws
from steadygan.networks.layers.equalized import equalized
from steadygan.networks.layers.mapping import MappingNetwork, ScaledLeakyReLU, StyleMean
from steadygan.networks.layers.modulated import modulated_conv
from steadygan.networks.layers.resampling import FilteredUpsample


def _affine(style: int, channels: int) -> nn.Linear:
    """Styles to scales of maps, 1 at first."""
    layer = equalized(nn.Linear(style, channels), gain=1.0)
    with torch.no_grad():
        layer.bias.fill_(1.0)
    return layer


class StyledConv(nn.Conv2d):
    """Modulated 3x3 convolution, noise, bias and leaky ReLU: x [N, I, H, W] and styles [N, W] to [N, O, ...].

    Noise is one number a pixel, for all maps, times a learned strength that begins at 0. The weights are N(0, 1), with
    no scale at run time: demodulation divides by their norm.
    """

    noise: Tensor
    """fixed noise [H, W], in place of drawn noise"""

    def __init__(self, inputs: int, outputs: int, sides: tuple[int, int], style: int, *, doubles: bool) -> None:
        """
        Args:
            inputs: maps
            outputs: maps
            sides: height and width of the output
            style: width of a style
            doubles: the output has twice the sides of the input
        """
        super().__init__(inputs, outputs, 3)
        assert self.bias is not None
        with torch.no_grad():
            self.weight.normal_()
            self.bias.zero_()
        self.doubles = doubles
        self.affine = _affine(style, inputs)
        self.strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise", torch.randn(sides))
        self.activation = ScaledLeakyReLU(critic=False)

    def forward(self, x: Tensor, style: Tensor | None = None, noise: Tensor | None = None) -> Tensor:
        """``noise``: [N, 1, H, W]; None: the fixed one."""
        assert style is not None and self.bias is not None
        with torch.autocast(x.device.type, enabled=False):
            scales = self.affine(style)
        made = modulated_conv(x, self.weight, scales, doubles=self.doubles)
        offset = (self.noise if noise is None else noise) * self.strength + self.bias[:, None, None]
        activated: Tensor = self.activation(made + offset.to(made.dtype))
        return activated


class ToImage(nn.Conv2d):
    """Modulated 1x1 convolution without demodulation, from maps to the channels of an image, in float32 or wider."""

    def __init__(self, inputs: int, channels: int, style: int) -> None:
        super().__init__(inputs, channels, 1)
        assert self.bias is not None
        with torch.no_grad():
            self.weight.normal_()
            self.bias.zero_()
        self.affine = _affine(style, inputs)
        self.gain = 1.0 / math.sqrt(inputs)

    def forward(self, x: Tensor, style: Tensor | None = None) -> Tensor:
        assert style is not None and self.bias is not None
        with torch.autocast(x.device.type, enabled=False):
            scales = self.affine(style) * self.gain
            made = modulated_conv(x.to(self.weight.dtype), self.weight, scales, demodulate=False)
            return made + self.bias[:, None, None]


class StyleGenerator(nn.Module):
    """Latents [N, D] and labels [N] or None to images [N, C, H, W], through styles [N, L, W].

    With the random numbers of a training step it draws noise and mixes styles, and in training mode the mean of styles
    follows. Without them the noise is fixed. Outside of training, styles are truncated by ``psi``, 1 for not at all.
    """

    def __init__(
        self,
        mapping: MappingNetwork,
        maps: Sequence[int],
        start: tuple[int, int],
        channels: int,
        style: int,
        mixing: float,
    ) -> None:
        """
        Args:
            mapping: latents to styles
            maps: feature maps of each size, the smallest first, each size twice the one before
            start: height and width of the smallest
            channels: of an image
            style: W
            mixing: probability that the styles of a batch are mixed
        """
        super().__init__()
        self.mapping = mapping
        self.mean = StyleMean(style)
        self.mixing = mixing
        self.layers_of_style = 2 * len(maps)
        self.psi, self.cutoff = 1.0, None
        self.constant = nn.Parameter(torch.randn(maps[0], *start))
        convs = [StyledConv(maps[0], maps[0], start, style, doubles=False)]
        for index, (width, following) in enumerate(pairwise(maps), 1):
            sides = (start[0] << index, start[1] << index)
            convs.append(StyledConv(width, following, sides, style, doubles=True))
            convs.append(StyledConv(following, following, sides, style, doubles=False))
        self.convs = nn.ModuleList(convs)
        self.sides_of_noise = [(conv.noise.shape[0], conv.noise.shape[1]) for conv in convs]
        self.to_image = nn.ModuleList(ToImage(width, channels, style) for width in maps)
        self.upsample = FilteredUpsample()

    psi: float
    """of truncation, outside of training"""
    sides_of_noise: list[tuple[int, int]]
    """height and width of each convolution's noise"""
    cutoff: int | None
    """the number of first layers that are truncated; None: all"""

    def forward(self, latents: Tensor, labels: Tensor | None = None, drawn: GeneratorDraws | None = None) -> Tensor:
        return self.synthesize(self.styles(latents, labels, drawn), drawn)

    def styles(self, latents: Tensor, labels: Tensor | None = None, drawn: GeneratorDraws | None = None) -> Tensor:
        """Styles [N, L, W], one for each layer; mixed with those of second latents from a layer on, if drawn so."""
        style: Tensor = self.mapping(latents, labels)
        if drawn is not None and self.training:
            self.mean.follow(style)
        styles = style[:, None].expand(-1, self.layers_of_style, -1)
        if drawn is not None and drawn.latents is not None and drawn.mixing is not None:
            other: Tensor = self.mapping(drawn.latents, labels)
            styles = torch.where(self._first(drawn.mixing)[:, :, None], styles, other[:, None])
        if drawn is None and not self.training:
            styles = self.mean.truncated(styles, self.psi, self.cutoff)
        return styles

    def _first(self, mixing: Tensor) -> Tensor:
        """True for the layers [N, L] that have the first latent's style, of numbers [N, 2]: a coin and a cut."""
        layers = self.layers_of_style
        cut = 1.0 + torch.floor(mixing[:, 1] * (layers - 1))  # uniform in 1 .. L - 1
        cut = torch.where(mixing[:, 0] < self.mixing, cut, float(layers))
        return torch.arange(layers, device=mixing.device) < cut[:, None]

    def synthesize(self, styles: Tensor, drawn: GeneratorDraws | None = None) -> Tensor:
        """Images of styles [N, L, W]. The layer from maps to an image has the style of the convolution after it."""
        noise = [None] * len(self.convs) if drawn is None or not drawn.noise else drawn.noise
        x = self.constant.expand(styles.shape[0], -1, -1, -1).contiguous(memory_format=torch.channels_last)
        image: Tensor | None = None
        at = 0
        for level, to_image in enumerate(self.to_image):
            for conv in self.convs[max(0, 2 * level - 1) : 2 * level + 1]:
                x = conv(x, styles[:, at], noise[at])
                at += 1
            made = to_image(x, styles[:, at])
            image = made if image is None else self.upsample(image) + made
        assert image is not None
        return image if image.dtype == torch.float64 else image.float()
