"""One-dimensional convolutional layers for text, on maps [N, C, 1, L] (Gulrajani et al. 2017, language model).

Maps one pixel high rather than [N, C, L], so that initialisation, channels-last layout and weight norms are those of
image networks. The numbers are those of one-dimensional convolutions.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from steadygan.networks.layers import activations
from steadygan.networks.layers.initialization import initialized


class LineConv(nn.Conv2d):
    """A one-dimensional convolution with an odd kernel, zero-padded: L stays."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(inputs, outputs, (1, kernel), padding=(0, kernel // 2))


class LineBlock(nn.Module):
    """x + scale conv(relu(conv(relu(x)))), the residual block of WGAN-GP's language model."""

    def __init__(self, width: int, kernel: int, scale: float, *, critic: bool) -> None:
        super().__init__()
        self.scale = scale
        self.residual = nn.Sequential(
            activations.make("relu", critic=critic),
            initialized(LineConv(width, width, kernel), "he"),
            activations.make("relu", critic=critic),
            initialized(LineConv(width, width, kernel), "he"),
        )

    def forward(self, x: Tensor) -> Tensor:
        total: Tensor = x + self.scale * self.residual(x)
        return total

    def extra_repr(self) -> str:
        return f"scale={self.scale}"


class ToMaps(nn.Module):
    """[N, channels L] or [N, channels, L] to maps [N, channels, 1, L], channels-last."""

    def __init__(self, channels: int, length: int) -> None:
        super().__init__()
        self.shape = (channels, 1, length)

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(-1, *self.shape).contiguous(memory_format=torch.channels_last)


class CharacterSoftmax(nn.Module):
    """Maps [N, V, 1, L] to probabilities [N, V, L] of V characters at each position, in float32 also under autocast."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            wide = x if x.dtype == torch.float64 else x.float()
            return torch.softmax(wide, dim=1).squeeze(2)
