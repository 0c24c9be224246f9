"""Weight initialisation of the WGAN-GP authors' code: uniform, with Glorot's or He's standard deviation; biases 0.

Convolution: fan_in = C_in k^2, fan_out = C_out k^2 / stride^2; transposed: fan_in = C_in k^2 / stride^2,
fan_out = C_out k^2; over other dimensions with the products of all kernel sizes and strides.
He: std sqrt(4 / (fan_in + fan_out)) for convolutions, sqrt(2 / fan_in) for linear layers; Glorot:
sqrt(2 / (fan_in + fan_out)). Other schemes: N(0, 0.02) and U with that deviation (DCGAN), and orthogonal matrices
(Saxe et al. 2014), of the outputs by all that an output is a sum of.
"""

from __future__ import annotations

import math
from typing import Literal, TypeVar

import torch
from torch import Tensor, nn

Scheme = Literal["he", "glorot", "uniform_0.02", "normal_0.02", "orthogonal"]
Layer = TypeVar("Layer", nn.Linear, nn.Conv2d, nn.ConvTranspose2d)
Network = TypeVar("Network", bound=nn.Module)
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
    """The standard deviation of a layer's weights under a scheme; 'orthogonal' has none of its own: TypeError."""
    if scheme == "orthogonal":
        raise TypeError("orthogonal weights have no standard deviation that is drawn from")
    if scheme in ("uniform_0.02", "normal_0.02"):
        return 0.02
    fan_in, fan_out = fans(layer)
    if scheme == "glorot":
        return math.sqrt(2.0 / (fan_in + fan_out))
    return math.sqrt(2.0 / fan_in) if isinstance(layer, nn.Linear) else math.sqrt(4.0 / (fan_in + fan_out))


def initialized(layer: Layer, scheme: Scheme) -> Layer:
    """Initialises a layer's weights by a scheme and its biases to 0, in place; returns the layer."""
    with torch.no_grad():
        if scheme == "orthogonal":
            _orthogonal(layer)
        elif scheme == "normal_0.02":
            layer.weight.normal_(0.0, 0.02)
        else:
            bound = standard_deviation(layer, scheme) * math.sqrt(3.0)
            layer.weight.uniform_(-bound, bound)
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


def all_initialized(network: Network, scheme: Literal["normal_0.02", "orthogonal"]) -> Network:
    """Initialises every linear layer, convolution and embedding of a network by one scheme, in place; biases to 0.

    Before spectral norms are added; scales and offsets of norms, and tables that are no layers, stay.
    """
    for module in network.modules():
        if isinstance(module, nn.Linear | nn.modules.conv._ConvNd):
            initialized(module, scheme)  # type: ignore[type-var]
        elif isinstance(module, nn.Embedding):
            with torch.no_grad():
                _orthogonal(module) if scheme == "orthogonal" else module.weight.normal_(0.0, 0.02)
    return network


def _orthogonal(layer: nn.Linear | nn.Embedding | nn.modules.conv._ConvNd) -> None:
    """Rows of W [outputs, rest] orthonormal, or columns, where there are fewer of them; uniformly drawn (Haar)."""
    weight: Tensor = layer.weight.transpose(0, 1) if isinstance(layer, _Transposed) else layer.weight
    weight.copy_(nn.init.orthogonal_(torch.empty_like(weight, memory_format=torch.contiguous_format)))
