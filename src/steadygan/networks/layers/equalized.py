"""Equalised learning rate, pixel norm and latents on a sphere (Karras et al. 2018, ProGAN, section 4)."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrize

from steadygan.checks import above
from steadygan.networks.layers.initialization import Layer, fans


class _Scaled(nn.Module):
    """A stored tensor times a constant."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, stored: Tensor) -> Tensor:
        return stored * self.factor

    def extra_repr(self) -> str:
        return f"{self.factor:g}"


def equalized(
    layer: Layer, *, gain: float = math.sqrt(2.0), multiplier: float = 1.0, fan_in: float | None = None
) -> Layer:
    """Equalised learning rate of a layer, in place: stored weights N(0, 1), scaled whenever they are used.

    The weight in use is gain / sqrt(fan_in) times the stored one, so that an optimizer which divides by the size of
    the gradient moves every layer at the same relative speed (Karras et al. 2018, section 4.1). Biases start at 0.

    Args:
        layer: linear, convolution or transposed convolution; takes fresh weights
        gain: sqrt(2) keeps the variance under ReLUs; 1 for a layer without activation
        multiplier: of the learning rate, of weight and bias: stored values are divided by it and scaled back in use
        fan_in: inputs behind one output; by default C_in k^2, and C_in k^2 / stride^2 for a transposed convolution.
            A transposed convolution that makes 4x4 maps of a 1x1 latent has C_in, which its stride does not tell

    Raises:
        ValueError: if the layer's weight is equalised or normalised already, or a number is not positive.
    """
    fan_in = fans(layer)[0] if fan_in is None else fan_in
    for name, got in (("gain", gain), ("multiplier", multiplier), ("fan_in", fan_in)):
        above(name, got, 0)
    if parametrize.is_parametrized(layer):
        raise ValueError(f"{type(layer).__name__} is parametrised already; equalise a plain layer")
    with torch.no_grad():
        layer.weight.normal_(0.0, 1.0 / multiplier)
        if layer.bias is not None:
            layer.bias.zero_()
    parametrize.register_parametrization(layer, "weight", _Scaled(gain * multiplier / math.sqrt(fan_in)))
    if layer.bias is not None and multiplier != 1.0:
        parametrize.register_parametrization(layer, "bias", _Scaled(multiplier))
    return layer


def same_in_use(layer: nn.Module, axis: int, old: int, new: int) -> float:
    """Factor of stored weights that a layer of ``new`` inputs takes from one of ``old``, to be the same in use.

    1 for layers that are not equalised, and along another axis than that of the inputs.
    """
    weights = getattr(layer, "parametrizations", {})
    scaled = "weight" in weights and any(isinstance(each, _Scaled) for each in weights["weight"])
    inputs = 0 if isinstance(layer, nn.modules.conv._ConvTransposeNd) else 1
    return math.sqrt(new / old) if scaled and axis == inputs else 1.0


class PixelNorm(nn.Module):
    """Pixel norm: each pixel's vector of channels divided by its root mean square, in float32 or wider.

    b = a / sqrt(mean over channels of a^2 + eps) (Karras et al. 2018, section 4.2), for [N, C] or [N, C, ...].
    """

    def __init__(self, eps: float = 1e-8) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        wide = x if x.dtype == torch.float64 else x.float()
        return (wide * torch.rsqrt(wide.square().mean(1, keepdim=True) + self.eps)).to(x.dtype)

    def extra_repr(self) -> str:
        return f"eps={self.eps:g}"


class Hypersphere(nn.Module):
    """Rescales latents [N, D] to the norm sqrt(D), in float32 or wider; normal ones become uniform on that sphere."""

    def forward(self, latents: Tensor) -> Tensor:
        wide = latents if latents.dtype == torch.float64 else latents.float()
        return F.normalize(wide, dim=1) * math.sqrt(latents.shape[1])
