"""The channels-last memory layout of images, which convolutions are fastest in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from steadygan.types import S, at_each_scale

if TYPE_CHECKING:
    from torch import Tensor, nn


def has_convolutions(module: nn.Module) -> bool:
    """True if the network has 2-d convolutions, which the channels-last layout makes faster."""
    return any(isinstance(part, torch.nn.Conv2d | torch.nn.ConvTranspose2d) for part in module.modules())


def channels_last(samples: S) -> S:
    """Images [N, C, H, W] in the channels-last layout; other samples unchanged."""

    def converted(tensor: Tensor) -> Tensor:
        if tensor.dim() != 4:
            return tensor
        if tensor.shape[1] == 1 and torch.compiler.is_compiling():
            # The strides of a single channel are ambiguous, and torch's tracer predicts others than kernels return;
            # group norm's traced backward then reads the wrong layout (docs/traps.md). A copy has the predicted ones.
            return tensor.clone(memory_format=torch.channels_last)
        return tensor.contiguous(memory_format=torch.channels_last)

    return at_each_scale(converted, samples)
