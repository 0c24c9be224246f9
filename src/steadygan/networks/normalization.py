"""Norms by name. Their statistics are taken in float32 whatever the network computes in."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class _Float32GroupNorm(nn.GroupNorm):
    """Group norm in the dtype of its scales also under autocast; the result is back in the input's dtype."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.to(self.weight.dtype)).to(x.dtype)


class PaperLayerNorm(_Float32GroupNorm):
    """The WGAN-GP authors' layer norm: statistics over (C, H, W), one scale and offset a channel.

    Not nn.LayerNorm((C, H, W)), which has them for each pixel.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(1, channels, eps=1e-5)


class InstanceNorm(_Float32GroupNorm):
    """Statistics over (H, W) of each sample and channel, one scale and offset a channel.

    Not torch's InstanceNorm2d: on torch 2.13 its backward gives wrong input gradients, with no error, for a batch of
    one sample whose output gradient is channels-last.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, eps=1e-5)


def norm_2d(name: str, channels: int, init: str = "he") -> list[nn.Module]:
    """The norm of a name for maps [N, C, H, W], as a list that is empty for 'none'.

    With ``init`` 'normal_0.02' the scales of a batch norm begin at N(1, 0.02), as in the original WGAN's code.
    """
    if name == "batch":
        return [_batch_norm(nn.BatchNorm2d(channels, eps=1e-5), init)]
    if name == "layer":
        return [PaperLayerNorm(channels)]
    return [InstanceNorm(channels)] if name == "instance" else []


def norm_1d(name: str, width: int, init: str = "he") -> list[nn.Module]:
    """The norm of a name for vectors [N, width], as ``norm_2d`` gives it for maps; there is no instance norm."""
    if name == "batch":
        return [_batch_norm(nn.BatchNorm1d(width, eps=1e-5), init)]
    return [PaperLayerNorm(width)] if name == "layer" else []


def _batch_norm(norm: nn.BatchNorm1d | nn.BatchNorm2d, init: str) -> nn.Module:
    if init == "normal_0.02":
        with torch.no_grad():
            norm.weight.normal_(1.0, 0.02)
    return norm
