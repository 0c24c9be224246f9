"""Weight initialisation of the WGAN-GP authors' code: uniform, with Glorot's or He's standard deviation; biases 0.

Convolution: fan_in = C_in k^2, fan_out = C_out k^2 / stride^2; transposed: fan_in = C_in k^2 / stride^2,
fan_out = C_out k^2; over other dimensions with the products of all kernel sizes and strides.
He: std sqrt(4 / (fan_in + fan_out)) for convolutions, sqrt(2 / fan_in) for linear layers; Glorot:
sqrt(2 / (fan_in + fan_out)).
"""

from __future__ import annotations

import math
from typing import Literal, TypeVar

import torch
from torch import nn

Scheme = Literal["he", "glorot", "uniform_0.02", "normal_0.02"]
Layer = TypeVar("Layer", nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
_Transposed = nn.modules.conv._ConvTransposeNd


def fans(layer: nn.Module) -> tuple[float, float]:
    """fan_in and fan_out of a layer, as the authors' code counts them."""
    if isinstance(layer, nn.Linear):
        return float(layer.in_features), float(layer.out_features)
    if isinstance(layer, nn.modules.conv._ConvNd):
        area, stride = math.prod(layer.kernel_size), math.prod(layer.stride)
        if isinstance(layer, _Transposed):
            return layer.in_channels * area / stride, float(layer.out_channels * area)
        return float(layer.in_channels * area), layer.out_channels * area / stride
    raise TypeError(f"no fans for {type(layer).__name__}")


def standard_deviation(layer: nn.Module, scheme: Scheme) -> float:
    """The standard deviation of a layer's weights under a scheme."""
    if scheme in ("uniform_0.02", "normal_0.02"):
        return 0.02
    fan_in, fan_out = fans(layer)
    if scheme == "glorot":
        return math.sqrt(2.0 / (fan_in + fan_out))
    return math.sqrt(2.0 / fan_in) if isinstance(layer, nn.Linear) else math.sqrt(4.0 / (fan_in + fan_out))


def initialized(layer: Layer, scheme: Scheme) -> Layer:
    """Initialises a layer's weights by a scheme and its biases to 0, in place; returns the layer."""
    std = standard_deviation(layer, scheme)
    with torch.no_grad():
        if scheme == "normal_0.02":
            layer.weight.normal_(0.0, std)
        else:
            bound = std * math.sqrt(3.0)
            layer.weight.uniform_(-bound, bound)
        if layer.bias is not None:
            layer.bias.zero_()
    return layer
