"""Linear layers: in float32 where bfloat16 would round too much, and the step from vectors to maps."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from steadygan.networks.layers.initialization import Scheme, initialized


class FullPrecisionLinear(nn.Linear):
    """A linear layer in float32 also under autocast: bfloat16 would round coordinates and scores."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return F.linear(x.to(self.weight.dtype), self.weight, self.bias)


def linear(inputs: int, outputs: int, scheme: Scheme, *, full_precision: bool = False) -> nn.Linear:
    """A linear layer with the scheme's weights."""
    return initialized((FullPrecisionLinear if full_precision else nn.Linear)(inputs, outputs), scheme)


class Unflatten(nn.Module):
    """[N, C H W] to [N, C, H, W], in the channels-last layout, the fastest for convolutions."""

    def __init__(self, channels: int, size: int | tuple[int, int]) -> None:
        """
        Args:
            channels: feature maps
            size: their side, or height and width
        """
        super().__init__()
        self.shape = (channels, *((size, size) if isinstance(size, int) else size))

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(-1, *self.shape).contiguous(memory_format=torch.channels_last)
