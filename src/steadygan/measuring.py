"""What a forward pass for measurement leaves as it was: buffers of a module, and torch's random numbers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

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
def in_float32(network: nn.Module) -> Iterator[None]:
    """Context in which parameters and buffers in half precision are float32; the same tensors come back."""
    tensors = [*network.parameters(), *network.buffers()]
    halves = [(each, each.data) for each in tensors if each.is_floating_point() and each.itemsize < 4]
    try:
        for tensor, data in halves:
            tensor.data = data.float()
        yield
    finally:
        for tensor, data in halves:
            tensor.data = data


@contextlib.contextmanager
def preserved_random_state() -> Iterator[None]:
    """Restores torch's generators at the end of the block, on the CPU and on all devices in use; dropout of a user's
    network draws from them."""
    saved = torch.get_rng_state()
    of_devices = [(each, i, each.get_rng_state(i)) for each in _accelerators() for i in range(each.device_count())]
    try:
        yield
    finally:
        torch.set_rng_state(saved)
        for accelerator, i, state in of_devices:
            accelerator.set_rng_state(state, i)


def seed_random_numbers(seed: int) -> None:
    """Seeds the generators that ``preserved_random_state`` restores.

    ``torch.manual_seed`` also seeds devices that are not in use yet, whose state cannot be saved.
    """
    torch.default_generator.manual_seed(seed)
    for accelerator in _accelerators():
        getattr(accelerator, "manual_seed_all", accelerator.manual_seed)(seed)


def _accelerators() -> Iterator[Any]:
    """torch's modules of the kinds of devices that are in use: ``torch.cuda``, ``torch.mps``, …"""
    for kind in ("cuda", "xpu", "mtia", "mps", torch._C._get_privateuse1_backend_name()):
        module: Any = getattr(torch, kind, None)
        if hasattr(module, "get_rng_state") and hasattr(module, "manual_seed") and _in_use(kind, module):
            yield module


def _in_use(kind: str, module: Any) -> bool:
    if kind == "mps":
        return torch.backends.mps.is_available() and not module._is_in_bad_fork()
    in_use = getattr(module, "is_initialized", None) or getattr(module, "is_available", None)
    return in_use is not None and bool(in_use())
