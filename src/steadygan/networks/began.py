"""BEGAN's networks (Berthelot et al. 2017): an autoencoder critic, and a generator with the form of its decoder."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from steadygan.checks import literal_fields, whole_fields
from steadygan.networks.autoencoder import (
    SIZES,
    Activation,
    Init,
    Norm,
    halvings,
    innermost,
    layer,
    linear_scheme,
    need_convolutional,
    need_exponent,
)
from steadygan.networks.checks import Sides, need_start
from steadygan.schedules import Schedule, schedule_fields
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

Output = Literal["tanh", "sigmoid", "linear"]
_ENDS = {8: 4, 28: 7}  # pixels of the innermost maps; 8 for all other sizes, as in the paper


def _end(size: int) -> int:
    return innermost(size, _ENDS)


def _same(spec: BEGANGenerator | BEGANCritic, maps: int) -> list[nn.Module]:
    """A convolution that keeps the shape of its maps, with a vanishing residual if the spec has ``carry``."""
    from torch import nn

    from steadygan.networks.layers.convolutions import SameConv
    from steadygan.networks.layers.vanishing import VanishingResidual

    parts = layer(spec, SameConv(maps, maps, 3), critic=isinstance(spec, BEGANCritic))
    return parts if spec.carry is None else [VanishingResidual(nn.Sequential(*parts), spec.carry)]


def _began_decoder(spec: BEGANGenerator | BEGANCritic, code: int, channels: int, size: int, end: Sides) -> nn.Module:
    """Codes to maps h0 of ``spec.width`` without activation, pairs of 3x3 convolutions at each size, then pixels."""
    from torch import nn

    from steadygan.networks.layers.convolutions import SameConv, UpsampleConv
    from steadygan.networks.layers.initialization import initialized
    from steadygan.networks.layers.linear import Unflatten, linear
    from steadygan.networks.layers.reconstruction import BEGANDecoder, FullPrecision

    n = spec.width
    count = halvings(size, _ENDS)
    scheme = linear_scheme(spec)
    start = nn.Sequential(linear(code, n * math.prod(end), scheme), Unflatten(n, end))
    critic = isinstance(spec, BEGANCritic)
    doubling = (UpsampleConv(2 * n if spec.skip else n, n, 3) for _ in range(count))
    levels = [
        nn.Sequential(*_same(spec, n), *_same(spec, n)),
        *(nn.Sequential(*layer(spec, first, critic=critic), *_same(spec, n)) for first in doubling),
    ]
    last = FullPrecision(initialized(SameConv(n, channels, 3), scheme))
    return BEGANDecoder(start, levels, last, skip=spec.skip)


@dataclass(frozen=True)
class BEGANGenerator:
    """A linear layer to 8x8 maps, then pairs of 3x3 convolutions and nearest-neighbour doublings, all of one width.

    The decoder of ``BEGANCritic`` with weights of its own (Berthelot et al. 2017, Fig. 1). 28 px begin with 7x7 maps,
    8 px with 4x4.
    """

    width: int = 64
    """n: feature maps of every layer"""
    skip: bool = False
    """skip connections: concatenate the first maps, upsampled, to the input of each level (form unconfirmed)"""
    carry: Schedule | None = None
    """vanishing residuals: share of the input in the output of layers that keep the shape of their maps, by round; the
    paper: LinearDecay(16_000) (unconfirmed). None: no residuals; a run that starts from other weights begins anew"""
    norm: Norm = "none"
    """norm after each convolution but the last; none in the paper"""
    activation: Activation = "elu"
    """activation of hidden layers; leaky_relu has slope 0.2"""
    init: Init = "he"
    """initial weights; normal_0.02 is a public code's, and too small for narrow networks without norms"""
    output: Output = "linear"
    """output activation; tanh is for pixels in [-1, 1], sigmoid for [0, 1]"""

    def __post_init__(self) -> None:
        need_convolutional(self)
        literal_fields(self, output=Output)
        schedule_fields(self, "carry", high=1)

    def build(self, sample: SampleSpec, latent: int) -> nn.Module:
        """A generator of such images, from latents of size ``latent``.

        Raises:
            UsageError: for points and unsupported sizes.
        """
        from steadygan.networks.layers.generator_critic import Generator, LabelledSequential

        channels, size, start = need_start("BEGANGenerator", sample, SIZES, _end)
        decoder = _began_decoder(self, latent, channels, size, start)
        return Generator(LabelledSequential(decoder), sample.shape, self.output)


@dataclass(frozen=True)
class BEGANCritic:
    """An autoencoder whose maps grow by ``width`` with each halving of the pixels, down to 8x8 and a code.

    Berthelot et al. 2017, Fig. 1; halved by 3x3 convolutions with stride 2. 28 px end at 7x7 maps, 8 px at 4x4.
    """

    width: int = 64
    """n: feature maps of the first level; n, 2n, 3n, ... in the encoder, n in the decoder"""
    code: int = 64
    """N_h: size of the code"""
    exponent: int = 1
    """eta, error of the reconstruction: 1 mean absolute, 2 mean squared"""
    skip: bool = False
    """skip connections: concatenate the decoder's first maps, upsampled, to its levels' inputs (form unconfirmed)"""
    carry: Schedule | None = None
    """vanishing residuals: share of the input in the output of layers that keep the shape of their maps, by round; the
    paper: LinearDecay(16_000) (unconfirmed). None: no residuals; a run that starts from other weights begins anew"""
    norm: Norm = "none"
    """norm after each convolution but the last; none in the paper"""
    activation: Activation = "elu"
    """activation of hidden layers; leaky_relu has slope 0.2; smooth_elu is ELU for gradient penalties"""
    init: Init = "he"
    """initial weights; normal_0.02 is a public code's, and too small for narrow networks without norms"""

    def __post_init__(self) -> None:
        need_convolutional(self)
        whole_fields(self, "code")
        need_exponent("BEGANCritic", self.exponent)
        schedule_fields(self, "carry", high=1)

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for points and unsupported sizes.
        """
        from torch import nn

        from steadygan.networks.layers.convolutions import SameConv
        from steadygan.networks.layers.linear import linear
        from steadygan.networks.layers.reconstruction import ReconstructionCritic

        channels, size, end = need_start("BEGANCritic", sample, SIZES, _end)
        count = halvings(size, _ENDS)
        maps = self.width
        parts = layer(self, SameConv(channels, maps, 3))
        for halving in range(count + 1):
            if halving:
                parts += layer(self, SameConv(maps, maps + self.width, 3, stride=2))
                maps += self.width
            parts += [*_same(self, maps), *_same(self, maps)]
        parts += [nn.Flatten(), linear(maps * math.prod(end), self.code, linear_scheme(self))]
        decoder = _began_decoder(self, self.code, channels, size, end)
        return ReconstructionCritic(nn.Sequential(*parts), decoder, self.exponent)
