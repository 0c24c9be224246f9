"""Normalisation layers by name, with statistics in float32 in any precision of the network."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn

SumOverProcesses: TypeAlias = Callable[[Tensor], Tensor]
"""Sums a tensor over all processes of a training, differentiably."""


class _Float32GroupNorm(nn.GroupNorm):
    """Group norm in the dtype of its scales also under autocast; the output has the input's dtype."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.to(self.weight.dtype)).to(x.dtype)


class PaperLayerNorm(_Float32GroupNorm):
    """The WGAN-GP authors' layer norm: statistics over (C, H, W), one scale and offset a channel.

    Not nn.LayerNorm((C, H, W)), which has a scale and an offset for each pixel.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(1, channels, eps=1e-5)


class InstanceNorm(_Float32GroupNorm):
    """Instance norm: statistics over (H, W) of each sample and channel, one scale and offset a channel.

    Not torch's InstanceNorm2d: on torch 2.13 its backward gives wrong input gradients, with no error, for a batch of
    one sample whose output gradient is channels-last.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, eps=1e-5)


class BatchNorm2d(nn.BatchNorm2d):
    """Batch norm over (N, H, W), and over the batches of all processes of a training."""

    sum_over_processes: SumOverProcesses | None = None

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.sum_over_processes is None else normalized_together(self, x)


class BatchNorm1d(nn.BatchNorm1d):
    """Batch norm over N, of signals over (N, T), and over the batches of all processes of a training."""

    sum_over_processes: SumOverProcesses | None = None

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.sum_over_processes is None else normalized_together(self, x)


class BatchNorm3d(nn.BatchNorm3d):
    """Batch norm over (N, D, H, W), and over the batches of all processes of a training."""

    sum_over_processes: SumOverProcesses | None = None

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if self.sum_over_processes is None else normalized_together(self, x)


def normalized_together(norm: nn.modules.batchnorm._BatchNorm, x: Tensor) -> Tensor:
    """Synchronised batch norm of this process's part [n, C, ...] of a batch; running statistics follow all parts.

    torch's SyncBatchNorm refuses CPUs. The statistics are taken in the dtype of the running
    ones, in two sums over the processes: the mean, then the squared distances from it.
    """
    total = getattr(norm, "sum_over_processes", None)
    assert norm.running_mean is not None and norm.running_var is not None and norm.num_batches_tracked is not None
    with torch.autocast(x.device.type, enabled=False):
        wide = x.to(norm.running_mean.dtype)
        if norm.training and total is not None:
            over = [0, *range(2, x.dim())]
            count = wide.new_full((1,), x.numel() / x.shape[1])
            sums = total(torch.cat([wide.sum(over), count]))
            mean, count = sums[:-1] / sums[-1], sums[-1].detach()
            centred = wide - mean.reshape(1, -1, *(1,) * (x.dim() - 2))
            variance = total(centred.square().sum(over)) / count
            with torch.no_grad():
                norm.num_batches_tracked += 1
                rate = norm.momentum if norm.momentum is not None else 1.0 / float(norm.num_batches_tracked)
                norm.running_mean.lerp_(mean, rate)
                norm.running_var.lerp_(variance * (count / (count - 1)), rate)
        else:
            centred = wide - norm.running_mean.reshape(1, -1, *(1,) * (x.dim() - 2))
            variance = norm.running_var
        scale = (variance + norm.eps).rsqrt()
        offset = None
        if norm.affine:
            scale, offset = scale * norm.weight, norm.bias
        shape = (1, -1, *(1,) * (x.dim() - 2))
        result: Tensor = centred * scale.reshape(shape)
        if offset is not None:
            result = result + offset.reshape(shape)
        return result.to(x.dtype)


def norm_2d(name: str, channels: int, init: str = "he") -> list[nn.Module]:
    """The norm of a name for maps [N, C, H, W], in a list; an empty list for 'none'.

    With ``init`` 'normal_0.02' the scales of a batch norm begin at N(1, 0.02), as in the original WGAN's code.
    """
    if name == "batch":
        return [_batch_norm(BatchNorm2d(channels, eps=1e-5), init)]
    if name == "layer":
        return [PaperLayerNorm(channels)]
    return [InstanceNorm(channels)] if name == "instance" else []


def norm_1d(name: str, width: int, init: str = "he") -> list[nn.Module]:
    """The norm of a name for vectors [N, width], as ``norm_2d`` gives it for maps; there is no instance norm."""
    if name == "batch":
        return [_batch_norm(BatchNorm1d(width, eps=1e-5), init)]
    return [PaperLayerNorm(width)] if name == "layer" else []


def norm_nd(dimensions: int, name: str, channels: int, init: str = "he") -> list[nn.Module]:
    """The norm of a name for maps of 1 to 3 dimensions, as ``norm_2d`` gives it for two."""
    if name == "batch" and dimensions != 2:
        return [_batch_norm((BatchNorm1d if dimensions == 1 else BatchNorm3d)(channels, eps=1e-5), init)]
    return norm_2d(name, channels, init)


def _batch_norm(norm: nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d, init: str) -> nn.Module:
    if init == "normal_0.02":
        with torch.no_grad():
            norm.weight.normal_(1.0, 0.02)
    return norm
