"""Minibatch standard deviation and minibatch discrimination: layers that compare the samples of a batch.

Both work on contiguous groups of a fixed size. If it divides the numbers of real and fake samples, no group contains
both, and one joined pass gives what two passes give. With ``group`` None they take the whole batch and have
``couples_batch``. Gradient norms under a penalty then include a sample's effect on the scores of its group.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from steadygan.checks import whole_number
from steadygan.errors import UsageError

_SMALLEST_SQUARE = 1e-8  # under the root: the deviation of identical samples is 1e-4


def _group_size(layer: nn.Module, group: int | None, batch: int) -> int:
    if group is None:
        return batch
    if batch % group:
        raise UsageError(f"{type(layer).__name__} works on groups of {group}, which do not divide a batch of {batch}")
    return group


def _check_group(layer: nn.Module, group: int | None) -> None:
    whole_number(f"{type(layer).__name__}.group", group, 2, or_none=True, note="null: the whole batch")


class MinibatchStddev(nn.Module):
    """Minibatch standard deviation: ``channels`` more maps, each the mean deviation of a share of the maps in a group.

    sqrt(mean over the group of (x - its mean)^2 + 1e-8), then the mean over positions and maps, in float32 or wider
    (Karras et al. 2018, section 3). [N, C, ...] to [N, C + channels, ...]. ProGAN's code takes every (N / group)-th
    sample as a group instead of neighbours, which would mix real and fake samples of a joined pass.
    """

    def __init__(self, group: int | None = 4, channels: int = 1) -> None:
        """
        Args:
            group: samples in a group; None for the whole batch (MSG-GAN's code)
            channels: shares of the maps, one statistic each

        Raises:
            UsageError: for a group below 2 or channels below 1; in use, if they do not divide batch and maps.
        """
        super().__init__()
        _check_group(self, group)
        whole_number("MinibatchStddev.channels", channels)
        self.group = group
        self.channels = channels
        self.couples_batch = group is None

    def forward(self, x: Tensor) -> Tensor:
        size = _group_size(self, self.group, len(x))
        if x.shape[1] % self.channels:
            raise UsageError(f"MinibatchStddev.channels is {self.channels}, which does not divide {x.shape[1]} maps")
        wide = x if x.dtype == torch.float64 else x.float()
        grouped = wide.reshape(-1, size, self.channels, x.shape[1] // self.channels, *x.shape[2:])
        centred = grouped - grouped.mean(1, keepdim=True)
        deviation = (centred.square().mean(1) + _SMALLEST_SQUARE).sqrt()
        of_groups = deviation.flatten(2).mean(2)
        of_samples = of_groups[:, None].expand(-1, size, -1).reshape(len(x), self.channels)
        maps = of_samples.reshape(len(x), self.channels, *(1,) * (x.dim() - 2)).to(x.dtype)
        joined = torch.cat([x, maps.expand(-1, -1, *x.shape[2:])], dim=1)
        if x.dim() == 4 and x.is_contiguous(memory_format=torch.channels_last):  # cat loses it
            joined = joined.contiguous(memory_format=torch.channels_last)
        return joined

    def extra_repr(self) -> str:
        return f"group={self.group}, channels={self.channels}"


class MinibatchDiscrimination(nn.Module):
    """Minibatch discrimination: ``outputs`` more features, the closeness of a sample to the others of its group.

    M_i = f_i T; o(x_i)_b = sum over j of exp(-||M_ib - M_jb||_1) (Salimans et al. 2016, section 3.2), in float32 or
    wider. [N, inputs] to [N, inputs + outputs]. o is the group's size for identical samples, 1 less without the self
    term. The tensor T, [inputs, outputs, depth], is no layer: ``with_spectral_norm`` leaves it alone.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int = 100,
        depth: int = 5,
        group: int | None = 16,
        self_term: bool = True,
        init: float | None = None,
    ) -> None:
        """
        Args:
            inputs: features of a sample (A)
            outputs: features added (B)
            depth: size of the compared vectors (C)
            group: samples in a group; None for the whole batch
            self_term: count exp(0) = 1, a sample's closeness to itself (the paper's formula)
            init: standard deviation of T's normal weights. None is 1 / (depth sqrt(inputs)), with which the distances
                of features of size 1 start near 1; with the 1.0 of public code they start near depth sqrt(inputs),
                where exp(-distance) and its gradient are practically 0

        Raises:
            UsageError: for sizes below 1 or a group below 2; in use, if the group does not divide the batch.
        """
        super().__init__()
        _check_group(self, group)
        for name, got in (("inputs", inputs), ("outputs", outputs), ("depth", depth)):
            whole_number(f"MinibatchDiscrimination.{name}", got)
        self.group = group
        self.self_term = self_term
        self.couples_batch = group is None
        std = 1.0 / (depth * math.sqrt(inputs)) if init is None else init
        self.tensor = nn.Parameter(std * torch.randn(inputs, outputs, depth))

    def forward(self, features: Tensor) -> Tensor:
        size = _group_size(self, self.group, len(features))
        with torch.autocast(features.device.type, enabled=False):
            rows = torch.einsum("na,abc->cnb", features.to(self.tensor.dtype), self.tensor).contiguous()
            grouped = rows.reshape(len(rows), -1, size, rows.shape[2])  # depth, group, i, b
            distance = (grouped[:, :, :, None] - grouped[:, :, None]).abs().sum(0)  # the first axis adds up fastest
            closeness = torch.exp(-distance).sum(2).flatten(0, 1)
            if not self.self_term:
                closeness = closeness - 1.0
            return torch.cat([features, closeness.to(features.dtype)], dim=1)

    def extra_repr(self) -> str:
        inputs, outputs, depth = self.tensor.shape
        return f"{inputs}, {outputs}, depth={depth}, group={self.group}, self_term={self.self_term}"
