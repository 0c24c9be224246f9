"""R3GAN's modules (Huang et al. 2024): ResNeXt blocks without norms, and both ends of the networks at 4x4."""

from __future__ import annotations

import math
from typing import TypeVar

import torch
from torch import Tensor, nn

from steadygan.errors import UsageError
from steadygan.networks.layers import activations
from steadygan.networks.layers.linear import FullPrecisionLinear
from steadygan.types import CriticOutput

LEAKY_GAIN = math.sqrt(2.0 / (1.0 + activations.LEAK**2))
"""He's gain for leaky ReLU, which keeps the mean square of normal numbers: sqrt(2 / 1.04)"""

Layer = TypeVar("Layer", nn.Linear, nn.Conv2d)


def scaled(layer: Layer, gain: float = 1.0) -> Layer:
    """Initialises weights from N(0, gain^2 / fan_in) and biases to 0, in place; gain 0 gives zeros."""
    with torch.no_grad():
        layer.weight.normal_(0.0, gain / math.sqrt(layer.weight[0].numel()))
        if layer.bias is not None:
            layer.bias.zero_()
    return layer


class ResNeXtBlock(nn.Module):
    """x + W3 act(b2 + W2 act(b1 + W1 x)): 1x1 to more maps, grouped 3x3, 1x1 back; W3 is 0 at first.

    Without norms: begins as the identity, with the other two weights as in Fixup (Zhang et al. 2019), scaled by
    L^(-1/4) for L blocks in a network. R3GAN puts the biases into its activations, which is the same function.
    """

    def __init__(self, width: int, hidden: int, groups: int, blocks: int, *, critic: bool) -> None:
        """
        Args:
            width: feature maps in and out
            hidden: feature maps inside
            groups: of the 3x3 convolution
            blocks: L, number of blocks in the network
            critic: use the activation's form for critics
        """
        super().__init__()
        gain = LEAKY_GAIN * blocks**-0.25
        self.widen = scaled(nn.Conv2d(width, hidden, 1), gain)
        self.mix = scaled(nn.Conv2d(hidden, hidden, 3, padding=1, groups=groups), gain)
        self.narrow = scaled(nn.Conv2d(hidden, width, 1, bias=False), 0.0)
        self.activation = activations.make("leaky_relu", critic=critic)

    def forward(self, x: Tensor) -> Tensor:
        y = self.activation(self.mix(self.activation(self.widen(x))))
        total: Tensor = x + self.narrow(y)
        return total


class LearnedBasis(nn.Module):
    """Latents [N, inputs] to maps [N, width, *sides]: each learned map times a linear function of the latent."""

    def __init__(self, inputs: int, width: int, sides: tuple[int, int]) -> None:
        super().__init__()
        self.basis = nn.Parameter(torch.randn(width, *sides))
        self.weights = scaled(FullPrecisionLinear(inputs, width, bias=False))

    def forward(self, x: Tensor) -> Tensor:
        maps: Tensor = self.weights(x)[:, :, None, None] * self.basis
        return maps.contiguous(memory_format=torch.channels_last)


class BasisHead(nn.Module):
    """Head of R3GAN's critic, in float32: one weighted sum of each map, then a linear score without bias.

    With classes the linear layer has as many outputs as inputs, and the score is their product with a learned vector
    of the class.
    """

    takes_labels = True

    def __init__(self, width: int, sides: tuple[int, int], classes: int = 0, *, features: bool = False) -> None:
        """
        Args:
            width: feature maps
            sides: their height and width in pixels
            classes: number of classes; 0 for unconditional scores
            features: also output the sums
        """
        super().__init__()
        self.gives_features = features
        self.conditional = bool(classes)
        self.basis = nn.Parameter(torch.randn(width, *sides) / math.sqrt(math.prod(sides)))
        self.score = scaled(FullPrecisionLinear(width, width if classes else 1, bias=False))
        self.embedding = label_vectors(classes, width, 1.0 / math.sqrt(width)) if classes else None

    def forward(self, x: Tensor, labels: Tensor | None = None) -> CriticOutput:
        """Raises UsageError without labels if the score is conditional."""
        with torch.autocast(x.device.type, enabled=False):
            # products and sums: under a penalty a half to a quarter of a depth-wise convolution's time on a CPU
            features = (x.to(self.basis.dtype) * self.basis).sum((2, 3))
            score = self.score(features)
            if self.embedding is not None:
                if labels is None:
                    raise UsageError("the critic is conditional, but got no labels: give the class of each sample")
                score = (score * self.embedding(labels)).sum(1, keepdim=True)
        return CriticOutput(score.squeeze(1), features=features if self.gives_features else None)


def label_vectors(classes: int, width: int, gain: float = 1.0) -> nn.Embedding:
    """A learned vector for each class, initialised as a linear layer of one-hot labels (fan_in: classes)."""
    table = nn.Embedding(classes, width)
    with torch.no_grad():
        table.weight.normal_(0.0, gain / math.sqrt(classes))
    return table


class EmbedLabels(nn.Module):
    """Latents [N, size] and labels [N] to [N, size + width]: the latent, then the class's learned vector."""

    def __init__(self, classes: int, width: int) -> None:
        super().__init__()
        self.vectors = label_vectors(classes, width)

    def forward(self, latents: Tensor, labels: Tensor) -> Tensor:
        return torch.cat([latents, self.vectors(labels).to(latents.dtype)], dim=1)
