"""Convolutions of the WGAN-GP authors' code: TensorFlow's SAME padding, exact halving and doubling."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def same_padding(size: int, kernel: int, stride: int) -> tuple[int, int]:
    """TensorFlow's SAME padding before and after ``size`` pixels: the output has ceil(size / stride)."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def cropped(x: Tensor, size: tuple[int, int]) -> Tensor:
    """The first rows and columns of maps [N, C, H, W], in the memory format that the maps had."""
    return x if x.shape[2:] == size else x[:, :, : size[0], : size[1]].contiguous(memory_format=_format(x))


def _format(x: Tensor) -> torch.memory_format:
    channels_last = x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if channels_last else torch.contiguous_format


class Crop(nn.Module):
    """The first ``size`` rows and columns: 8x8 to 7x7 on the way to MNIST's 28."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        return cropped(x, (self.size, self.size))

    def extra_repr(self) -> str:
        return str(self.size)


class SameConv(nn.Conv2d):
    """A convolution whose output has ceil(size / stride) pixels; an odd padding's larger part is right and below.

    A 1x1 kernel with a stride first takes the pixels that it sees: oneDNN 3.12's own weight gradient of it writes
    beyond its memory where channels-last maps have fewer than 16 channels.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, bias: bool = True) -> None:
        super().__init__(inputs, outputs, kernel, stride, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.kernel_size == (1, 1):
            seen = x[:, :, :: self.stride[0], :: self.stride[1]].contiguous(memory_format=_format(x))
            return F.conv2d(seen, self.weight, self.bias)
        top, bottom = same_padding(x.shape[2], self.kernel_size[0], self.stride[0])
        left, right = same_padding(x.shape[3], self.kernel_size[1], self.stride[1])
        if (top, left) != (bottom, right):  # one row and column of zeros: the convolution itself pads the rest
            x = F.pad(x, (0, right - left, 0, bottom - top))
        return F.conv2d(x, self.weight, self.bias, self.stride, (top, left))


class SameConvTranspose(nn.ConvTranspose2d):
    """The transpose of ``SameConv`` with stride 2: exactly twice the pixels."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__(inputs, outputs, kernel, 2)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        before, _ = same_padding(2 * x.shape[2], self.kernel_size[0], 2)
        # An odd kernel gives one pixel too many. Two too many cost less: odd sizes have no fast bf16 path on CPUs.
        y = F.conv_transpose2d(x, self.weight, self.bias, 2, before, output_padding=self.kernel_size[0] % 2)
        return cropped(y, (2 * x.shape[2], 2 * x.shape[3]))


class ConvMeanPool(nn.Conv2d):
    """A convolution with an odd kernel, then 2x2 means.

    Done as one convolution with stride 2 whose kernel is the mean of the four shifted ones: the same numbers with 16
    products a pixel instead of 36 for a 3x3 kernel. A 1x1 kernel commutes with the means and comes after them.
    ``folded`` False does it in two steps.
    """

    shifts: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, kernel, padding=(kernel - 1) // 2, bias=bias)
        self.folded = True
        self.register_buffer("shifts", _shifts(kernel, turned=False) / 4, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if not self.folded:
            return F.avg_pool2d(super().forward(x), 2)
        if self.kernel_size == (1, 1):
            return super().forward(F.avg_pool2d(x, 2))
        return F.conv2d(x, _folded(self.weight, self.shifts), self.bias, stride=2, padding=self.padding)


class UpsampleConv(nn.Conv2d):
    """Nearest-neighbour doubling, then a convolution with an odd kernel.

    Done as one transposed convolution with stride 2 whose kernel is the sum of the four shifted ones: the same numbers.
    A 1x1 kernel commutes with the doubling and comes before it. ``folded`` False does it in two steps.
    """

    shifts: Tensor

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, *, bias: bool = True) -> None:
        super().__init__(inputs, outputs, kernel, padding=(kernel - 1) // 2, bias=bias)
        self.folded = True
        self.register_buffer("shifts", _shifts(kernel, turned=True), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        if not self.folded:
            return super().forward(_doubled(x))
        if self.kernel_size == (1, 1):
            return _doubled(super().forward(x))
        kernel = _folded(self.weight.transpose(0, 1), self.shifts)
        return F.conv_transpose2d(x, kernel, self.bias, stride=2, padding=(self.kernel_size[0] - 1) // 2)


def _shifts(kernel: int, *, turned: bool) -> Tensor:
    """The matrix [K * K, (K + 1) * (K + 1)] that sums a kernel of K x K shifted by 0 or 1 each way, turned or not."""
    matrix = torch.zeros(kernel, kernel, kernel + 1, kernel + 1)
    for row in range(kernel):
        for column in range(kernel):
            place = (kernel - 1 - row, kernel - 1 - column) if turned else (row, column)
            matrix[row, column, place[0] : place[0] + 2, place[1] : place[1] + 2] = 1.0
    return matrix.reshape(kernel * kernel, -1)


def _folded(weight: Tensor, shifts: Tensor) -> Tensor:
    """Kernels [A, B, K, K] as the sums [A, B, K + 1, K + 1] of their shifted ones.

    By a matrix product, forward and gradient took a quarter to two thirds of the time of a pooling; not in half
    precision, whatever the autocast.
    """
    with torch.autocast(weight.device.type, enabled=False):
        made = weight.reshape(-1, len(shifts)) @ shifts.to(weight.dtype)
    side = weight.shape[-1] + 1
    return made.view(*weight.shape[:2], side, side)


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")
