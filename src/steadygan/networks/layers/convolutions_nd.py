"""Convolutions over 1, 2 or 3 dimensions with TensorFlow's SAME padding: any length halves to its half, rounded up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from steadygan.networks.layers.convolutions import same_padding


class _Same:
    """Forward of a convolution whose output has ceil(length / stride) places along each axis."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    weight: Tensor
    bias: Tensor | None

    def forward(self, x: Tensor) -> Tensor:
        pads = [
            same_padding(length, kernel, stride)
            for length, kernel, stride in zip(x.shape[2:], self.kernel_size, self.stride, strict=True)
        ]
        x = F.pad(x, [side for pair in reversed(pads) for side in pair])
        made: Tensor = self._conv_forward(x, self.weight, self.bias)  # type: ignore[attr-defined]
        return made


class SameConv1d(_Same, nn.Conv1d):
    """[N, C, T] to [N, outputs, ceil(T / stride)]."""


class SameConv2d(_Same, nn.Conv2d):
    """[N, C, H, W] to maps of ceil(H / stride) by ceil(W / stride)."""


class SameConv3d(_Same, nn.Conv3d):
    """[N, C, D, H, W] to maps of a stride's part of each side, rounded up."""


class _SameTranspose:
    """Forward of the transpose of a ``SameConv``: from ceil(length / stride) places to ``lengths``."""

    kernel_size: tuple[int, ...]
    stride: tuple[int, ...]
    weight: Tensor
    bias: Tensor | None
    lengths: tuple[int, ...]

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        y: Tensor = _TRANSPOSED[len(self.lengths)](x, self.weight, self.bias, self.stride)
        for axis, (length, kernel, stride) in enumerate(zip(self.lengths, self.kernel_size, self.stride, strict=True)):
            y = y.narrow(axis + 2, same_padding(length, kernel, stride)[0], length)
        return y.contiguous()

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, lengths={self.lengths}"  # type: ignore[misc]


class SameTranspose1d(_SameTranspose, nn.ConvTranspose1d):
    """[N, C, ceil(T / stride)] to [N, outputs, T]."""


class SameTranspose2d(_SameTranspose, nn.ConvTranspose2d):
    """Maps of a stride's part of each side, rounded up, to [N, outputs, H, W]."""


class SameTranspose3d(_SameTranspose, nn.ConvTranspose3d):
    """Maps of a stride's part of each side, rounded up, to [N, outputs, D, H, W]."""


_TRANSPOSED: dict[int, Any] = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}
_CONVOLUTIONS: dict[int, Any] = {1: SameConv1d, 2: SameConv2d, 3: SameConv3d}
_TRANSPOSES: dict[int, Any] = {1: SameTranspose1d, 2: SameTranspose2d, 3: SameTranspose3d}


def same_convolution(inputs: int, outputs: int, kernel: int, strides: Sequence[int]) -> nn.Module:
    """A ``SameConv`` over as many dimensions as there are strides."""
    made: nn.Module = _CONVOLUTIONS[len(strides)](inputs, outputs, kernel, tuple(strides))
    return made


def same_transpose(inputs: int, outputs: int, kernel: int, strides: Sequence[int], lengths: Sequence[int]) -> nn.Module:
    """The transpose of ``same_convolution``, to maps of these lengths."""
    made: nn.Module = _TRANSPOSES[len(strides)](inputs, outputs, kernel, tuple(strides))
    made.lengths = tuple(lengths)  # type: ignore[assignment]
    return made


class UnflattenTo(nn.Module):
    """[N, C times the lengths] to [N, C, *lengths]."""

    def __init__(self, channels: int, lengths: Sequence[int]) -> None:
        super().__init__()
        self.shape = (channels, *lengths)

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(-1, *self.shape)

    def extra_repr(self) -> str:
        return str(list(self.shape))
