"""Doubling and halving of maps with the filter [1, 3, 3, 1], as in StyleGAN2 and R3GAN: no checkerboards, no aliasing.

Depth-wise convolutions with a fixed kernel, so they can be differentiated as often as one likes. They run in float32
also under autocast: in bfloat16 a CPU took nearly three times as long for value, gradient and second derivative.
"""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class _Resample(nn.Module):
    """Maps [N, C, H, W] through the separable filter [1, 3, 3, 1] / 8, zeros around them."""

    kernel: Tensor
    gain: ClassVar[float]

    def __init__(self) -> None:
        super().__init__()
        taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8.0
        self.register_buffer("kernel", self.gain * torch.outer(taps, taps)[None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            wide = x if x.dtype == torch.float64 else x.float()
            return self.resampled(wide, self.kernel.to(wide.dtype).expand(x.shape[1], 1, 4, 4)).to(x.dtype)

    def resampled(self, x: Tensor, kernel: Tensor) -> Tensor:
        raise NotImplementedError


class FilteredUpsample(_Resample):
    """[N, C, H, W] to [N, C, 2H, 2W]: zeros put between the pixels, then the filter times 4.

    Away from the border this is bilinear interpolation: 3/4 of the nearer and 1/4 of the farther pixel a side.
    """

    gain: ClassVar[float] = 4.0

    def resampled(self, x: Tensor, kernel: Tensor) -> Tensor:
        return F.conv_transpose2d(x, kernel, stride=2, padding=1, groups=x.shape[1])


class FilteredDownsample(_Resample):
    """[N, C, 2H, 2W] to [N, C, H, W]: the filter, then each second pixel."""

    gain: ClassVar[float] = 1.0

    def resampled(self, x: Tensor, kernel: Tensor) -> Tensor:
        return F.conv2d(x, kernel, stride=2, padding=1, groups=x.shape[1])
