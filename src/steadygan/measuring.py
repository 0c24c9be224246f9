"""What a forward pass for measurement leaves as it was: buffers of a module, and torch's random numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import nn


@contextlib.contextmanager
def preserved_buffers(module: nn.Module) -> Iterator[None]:
    """Restores the module's buffers at the end of the block.

    Within it batch norms do not sum over processes: the others, which do not measure, would not answer.
    """
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
    sums = [(part, total) for part in module.modules() if (total := getattr(part, "sum_over_processes", None))]
    for part, _ in sums:
        part.sum_over_processes = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for buffer, before in buffers:
            buffer.copy_(before)
        for part, total in sums:
            part.sum_over_processes = total


@contextlib.contextmanager
def measuring(network: nn.Module) -> Iterator[None]:
    """Context in which a network in training gives scores or samples as in training, and is left as it was.

    It is in eval mode, where nothing is drawn and nothing moves, but for batch norms, which go on to normalise by the
    statistics of each batch; their running statistics are restored.
    """
    modes = [(part, part.training) for part in network.modules()]
    with preserved_buffers(network):
        network.eval()
        for part, was_training in modes:
            if was_training and isinstance(part, torch.nn.modules.batchnorm._BatchNorm):
                part.train()
        try:
            yield
        finally:
            for part, was_training in modes:
                part.training = was_training


@contextlib.contextmanager
def preserved_random_state(device: torch.device) -> Iterator[None]:
    """Restores torch's generators at the end of the block; dropout of a user's network draws from them."""
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield
