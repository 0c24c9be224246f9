"""The channels-last memory layout of images, which convolutions are fastest in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from steadygan.networks.layers.own import is_own
from steadygan.types import S, at_each_scale

if TYPE_CHECKING:
    from torch import Tensor, nn


def gains_from_channels_last(module: nn.Module) -> bool:
    """True if the network has 2-d convolutions, which the layout makes faster, and none of the user's own, which may
    rely on the usual layout (``view``)."""
    return not is_own(module) and any(
        isinstance(part, torch.nn.Conv2d | torch.nn.ConvTranspose2d) for part in module.modules()
    )


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
