"""Autoencoder critics, whose score is the reconstruction error: EBGAN's for images, and one for vectors."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from steadygan.checks import literal_fields, refused, whole_fields
from steadygan.networks.checks import need_start
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from torch import nn

    from steadygan.networks.layers.initialization import Scheme

    Convolution = TypeVar("Convolution", nn.Conv2d, nn.ConvTranspose2d)

SIZES = (8, 16, 28, 32, 64, 128, 256)
"""Supported sizes of images in pixels."""

Norm = Literal["none", "layer", "instance", "batch"]
VectorNorm = Literal["none", "batch", "layer"]
Activation = Literal["relu", "leaky_relu", "tanh", "elu", "smooth_elu"]
Init = Literal["he", "uniform_0.02", "normal_0.02"]
_ENDS = {8: 2, 16: 4, 28: 7, 32: 4}  # pixels of the innermost maps; 8 for all other sizes


class Convolutional(Protocol):
    """Fields that specs of convolutional autoencoders share."""

    @property
    def width(self) -> int: ...
    @property
    def norm(self) -> Norm: ...
    @property
    def activation(self) -> Activation: ...
    @property
    def init(self) -> Init: ...


def need_convolutional(spec: Convolutional) -> None:
    """Raises UsageError for values out of range."""
    whole_fields(spec, "width")
    literal_fields(spec, norm=Norm, activation=Activation, init=Init)


def need_exponent(name: str, exponent: int) -> None:
    """Raises UsageError unless the exponent is 1 or 2."""
    if isinstance(exponent, bool) or exponent not in (1, 2):
        raise refused(f"{name}.exponent", exponent, "1 (absolute error), 2 (squared error)")


def innermost(size: int, ends: dict[int, int]) -> int:
    """Pixels of the innermost maps of images of a size: those of ``ends``, or 8."""
    return ends.get(size, 8)


def halvings(size: int, ends: dict[int, int]) -> int:
    """Number of halvings from a size to the innermost maps."""
    return (size // innermost(size, ends)).bit_length() - 1


def layer(spec: Convolutional, convolution: Convolution, *, norm: bool = True, critic: bool = True) -> list[nn.Module]:
    """A convolution with fresh weights, its norm and its activation."""
    from steadygan.networks.layers import activations
    from steadygan.networks.layers.initialization import initialized
    from steadygan.networks.layers.normalization import norm_2d

    norms: list[nn.Module] = norm_2d(spec.norm, convolution.out_channels, spec.init) if norm else []
    return [initialized(convolution, spec.init), *norms, activations.make(spec.activation, critic=critic)]


def linear_scheme(spec: Convolutional) -> Scheme:
    """Initialisation scheme of linear layers and of layers without activation."""
    return "glorot" if spec.init == "he" else spec.init


@dataclass(frozen=True)
class ConvAutoencoderCritic:
    """4x4 convolutions with stride 2 down to 8x8 maps, and transposed ones back: EBGAN's critic for images.

    Zhao et al. 2017; for 64 px (64)4c2s-(128)4c2s-(256)4c2s and back, unconfirmed like its norms. 32 and 16 px end at
    4x4 maps, 28 px at 7x7, 8 px at 2x2. The code is the innermost maps.
    """

    width: int = 64
    """feature maps after the first layer, doubled at each level below, up to 8 times"""
    kernel: int = 4
    """kernel size in pixels"""
    exponent: int = 2
    """error of the reconstruction: 1 mean absolute, 2 mean squared"""
    norm: Norm = "batch"
    """norm after each layer but the first and the last; not batch under a gradient penalty"""
    activation: Activation = "leaky_relu"
    """activation of hidden layers; leaky_relu has slope 0.2"""
    init: Init = "he"
    """initial weights: he as the WGAN-GP authors' code; uniform_0.02, normal_0.02 as DCGAN"""

    def __post_init__(self) -> None:
        need_convolutional(self)
        need_exponent("ConvAutoencoderCritic", self.exponent)
        whole_fields(self, "kernel", least=2)

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such images.

        Raises:
            UsageError: for points and unsupported sizes.
        """
        from torch import nn

        from steadygan.networks.layers.convolutions import SameConv, SameConvTranspose
        from steadygan.networks.layers.initialization import initialized
        from steadygan.networks.layers.reconstruction import FullPrecision, ReconstructionCritic

        channels, size, _ = need_start("ConvAutoencoderCritic", sample, SIZES, lambda size: innermost(size, _ENDS))
        count = halvings(size, _ENDS)
        maps = [channels, *(self.width * min(2**level, 8) for level in range(count))]
        down: list[nn.Module] = []
        for above, below in pairwise(maps):
            down += layer(self, SameConv(above, below, self.kernel, stride=2), norm=bool(down))
        up: list[nn.Module] = []
        for below, above in pairwise(maps[:0:-1]):
            up += layer(self, SameConvTranspose(below, above, self.kernel))
        up.append(FullPrecision(initialized(SameConvTranspose(self.width, channels, self.kernel), self.init)))
        return ReconstructionCritic(nn.Sequential(*down), nn.Sequential(*up), self.exponent)


@dataclass(frozen=True)
class MLPAutoencoderCritic:
    """Linear layers to a code and back, for points and for images taken as vectors (EBGAN's MNIST critics)."""

    width: int = 512
    """units of each hidden layer"""
    depth: int = 2
    """number of hidden layers of the encoder"""
    decoder_depth: int = 0
    """number of hidden layers of the decoder; 0: one linear layer, as in EBGAN's MNIST study"""
    code: int = 64
    """size of the code"""
    exponent: int = 2
    """error of the reconstruction: 1 mean absolute, 2 mean squared"""
    norm: VectorNorm = "none"
    """norm after each hidden layer; not batch under a gradient penalty"""
    activation: Activation = "relu"
    """activation of hidden layers and of the code; leaky_relu has slope 0.2"""

    def __post_init__(self) -> None:
        whole_fields(self, "width", "depth", "code")
        whole_fields(self, "decoder_depth", least=0)
        literal_fields(self, norm=VectorNorm, activation=Activation)
        need_exponent("MLPAutoencoderCritic", self.exponent)

    def build(self, sample: SampleSpec) -> nn.Module:
        """A critic of such samples."""
        from torch import nn

        from steadygan.networks.layers import activations
        from steadygan.networks.layers.linear import linear
        from steadygan.networks.layers.normalization import norm_1d
        from steadygan.networks.layers.reconstruction import ReconstructionCritic

        def hidden(inputs: int, depth: int, *, coordinates: bool) -> list[nn.Module]:
            parts: list[nn.Module] = []
            for index in range(depth):
                parts.append(linear(inputs, self.width, "he", full_precision=coordinates and index == 0))
                parts += [*norm_1d(self.norm, self.width), activations.make(self.activation, critic=True)]
                inputs = self.width
            return parts

        size = math.prod(sample.shape)
        encoder = [nn.Flatten(), *hidden(size, self.depth, coordinates=sample.is_points)]
        encoder += [linear(self.width, self.code, "he"), activations.make(self.activation, critic=True)]
        decoder = hidden(self.code, self.decoder_depth, coordinates=False)
        decoder.append(linear(self.width if decoder else self.code, size, "glorot", full_precision=True))
        return ReconstructionCritic(nn.Sequential(*encoder), nn.Sequential(*decoder), self.exponent)
