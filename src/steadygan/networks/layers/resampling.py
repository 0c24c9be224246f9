"""Up- and downsampling by 2 with the filter [1, 3, 3, 1], as in StyleGAN2 and R3GAN: no checkerboards, no aliasing.

Depth-wise convolutions with a fixed kernel, which can be differentiated any number of times. They run in float32
also under autocast: in bfloat16 a CPU took nearly three times as long for value, gradient and second derivative.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def _kernel(gain: float) -> Tensor:
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8.0
    return gain * torch.outer(taps, taps)[None, None]


def _by_two(convolution: Callable[..., Tensor], x: Tensor, kernel: Tensor) -> Tensor:
    """Convolves each map of x [N, C, H, W] with the kernel [1, 1, 4, 4] at stride 2, zero-padded."""
    with torch.autocast(x.device.type, enabled=False):
        wide = x if x.dtype == torch.float64 else x.float()
        each = kernel.to(wide.dtype).expand(x.shape[1], 1, 4, 4)
        return convolution(wide, each, stride=2, padding=1, groups=x.shape[1]).to(x.dtype)


class FilteredUpsample(nn.Module):
    """[N, C, H, W] to [N, C, 2H, 2W]: zeros between the pixels, then the filter times 4.

    Away from the border this is bilinear interpolation: 3/4 of the nearer and 1/4 of the farther pixel a side.
    """

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", _kernel(gain=4.0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return _by_two(F.conv_transpose2d, x, self.kernel)


class FilteredDownsample(nn.Module):
    """[N, C, 2H, 2W] to [N, C, H, W]: the filter, then every second pixel."""

    kernel: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("kernel", _kernel(gain=1.0), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return _by_two(F.conv2d, x, self.kernel)
