"""3x3 convolutions that double or halve maps with the filter [1, 3, 3, 1] (Karras et al. 2020, StyleGAN2, App. B).

Each has two exact forms: convolution and depth-wise filter one after the other, and one 6x6 convolution of stride 2
whose kernel is both together. The second one does four times the products in one kernel: on a CPU it took 1.5 to 4
times as long as the first for value and gradient (64 maps of 32x32 to 64x64, 128 of 16x16; one thread). ``fused`` is
False for every device until another is measured.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from steadygan.device_constants import constant

_AREA = 64.0  # the sum of the products of 1, 3, 3, 1


def fir(gain: float, like: Tensor) -> Tensor:
    """The filter's kernel [4, 4], whose sum is ``gain``."""
    taps = constant((1.0, 3.0, 3.0, 1.0), like)
    return torch.outer(taps, taps) * (gain / _AREA)


def filtered(x: Tensor, gain: float, padding: int) -> Tensor:
    """Each map of x [N, C, H, W] filtered at stride 1, zero-padded, in float32 or wider."""
    with torch.autocast(x.device.type, enabled=False):
        wide = x if x.dtype == torch.float64 else x.float()
        kernel = fir(gain, wide).expand(x.shape[1], 1, 4, 4)
        return F.conv2d(wide, kernel, padding=padding, groups=x.shape[1]).to(x.dtype)


def doubling_conv(x: Tensor, weight: Tensor, *, fused: bool = False) -> Tensor:
    """x [N, I, H, W] to [N, O, 2H, 2W]: transposed 3x3 convolution of stride 2, then the filter times 4.

    Args:
        x: maps
        weight: [O, I, 3, 3]
        fused: as one transposed 6x6 convolution
    """
    if fused:
        return F.conv_transpose2d(x, _joined(weight, 4.0).transpose(0, 1), stride=2, padding=2)
    return filtered(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), 4.0, 1)


def halving_conv(x: Tensor, weight: Tensor, *, fused: bool = False) -> Tensor:
    """x [N, I, 2H, 2W] to [N, O, H, W]: the filter, then a 3x3 convolution of stride 2.

    Args:
        x: maps
        weight: [O, I, 3, 3]
        fused: as one 6x6 convolution
    """
    if fused:
        return F.conv2d(x, _joined(weight, 1.0), stride=2, padding=2)
    return F.conv2d(filtered(x, 1.0, 2), weight, stride=2)


def _joined(weight: Tensor, gain: float) -> Tensor:
    """The kernel [O, I, 6, 6] of a 3x3 convolution and the filter, which is symmetric."""
    outputs, inputs = weight.shape[:2]
    joined = F.conv2d(weight.reshape(-1, 1, 3, 3), fir(gain, weight)[None, None], padding=3)
    return joined.reshape(outputs, inputs, 6, 6)


class HalvingConv(nn.Conv2d):
    """The filter, then a 3x3 convolution of stride 2: [N, I, 2H, 2W] to [N, O, H, W]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)

    def forward(self, x: Tensor) -> Tensor:
        made = halving_conv(x, self.weight)
        return made if self.bias is None else made + self.bias.to(made.dtype)[:, None, None]
