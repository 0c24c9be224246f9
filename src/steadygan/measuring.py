"""What a forward pass for measurement leaves as it was: buffers of a module, and torch's random numbers."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import torch

if TYPE_CHECKING:
    from torch import Tensor, nn

_aside: WeakKeyDictionary[nn.Module, tuple[Tensor | None, Tensor | None]] = WeakKeyDictionary()
"""running statistics of synchronised norms that are measured by those of a batch"""


@contextlib.contextmanager
def preserved_buffers(module: nn.Module) -> Iterator[None]:
    """Restores the module's buffers at the end of the block, also where a pass put other tensors in their places.

    So are vectors that a pass may move as it does buffers: parameters that no gradient trains, such as u and v of
    spectral norms that are written by hand, and tensors that are plain attributes. Within it batch norms do not sum
    over processes: the others, which do not measure, would not answer.
    """
    buffers = [(buffer, buffer.clone()) for buffer in module.buffers()]
    places = [(part, name, buffer) for part in module.modules() for name, buffer in part._buffers.items()]
    vectors = [(each, each.data, _copied(each)) for each in module.parameters() if _is_still(each)]
    others = [
        (part, name, value, _copied(value))
        for part in module.modules()
        for name, value in vars(part).items()
        if isinstance(value, torch.Tensor) and not value.requires_grad  # else a result of the last pass
    ]
    sums = [(part, total) for part in module.modules() if (total := getattr(part, "sum_over_processes", None))]
    for part, _ in sums:
        part.sum_over_processes = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for part, name, buffer in places:
            if name not in part._buffers or part._buffers[name] is not buffer:
                part._buffers[name] = buffer
        for buffer, before in buffers:
            buffer.copy_(before)
        for parameter, data, copy in vectors:
            if parameter.data_ptr() != data.data_ptr():
                parameter.data = data
            if copy is not None:
                data.copy_(copy)
        for part, name, value, copy in others:
            vars(part)[name] = value
            if copy is not None:
                value.copy_(copy)
        for part, total in sums:
            part.sum_over_processes = total


def _is_still(parameter: Tensor) -> bool:
    """True for a parameter with numbers of its own that no gradient trains."""
    return not parameter.requires_grad and parameter.layout == torch.strided


def _copied(tensor: Tensor) -> Tensor | None:
    """A copy of a vector without a graph; None for others."""
    is_vector = tensor.layout == torch.strided and tensor.numel() == max(tensor.shape, default=1)
    return tensor.detach().clone() if is_vector and not tensor.is_inference() else None


@contextlib.contextmanager
def measuring(network: nn.Module) -> Iterator[None]:
    """Context in which a network in training gives scores or samples as in training, and is left as it was.

    It is in eval mode, where nothing is drawn and nothing moves, but for batch norms, which go on to normalise by the
    statistics of each batch, on this process alone; their running statistics are restored.
    """
    modes: list[tuple[Any, bool]] = [(part, part.training) for part in network.modules()]
    norms = [part for part, training in modes if training and isinstance(part, torch.nn.modules.batchnorm._BatchNorm)]
    synchronised = [part for part in norms if _synchronises(part)]
    with preserved_buffers(network):
        network.eval()
        for part in norms:
            part.training = not _synchronises(part)
        for part in synchronised:  # in eval mode without running statistics it takes those of the batch
            _aside[part] = part.running_mean, part.running_var
            part.running_mean = part.running_var = None
        try:
            yield
        finally:
            for part, was_training in modes:
                part.training = was_training
            for part in synchronised:
                part.running_mean, part.running_var = _aside.pop(part)


@contextlib.contextmanager
def by_running_statistics(network: nn.Module) -> Iterator[None]:
    """Context within ``measuring`` in which norms that have running statistics normalise by them."""
    modes: list[tuple[Any, bool]] = [(part, part.training) for part in network.modules()]
    aside = [(part, _aside[part]) for part, _ in modes if part in _aside]
    try:
        for part, (mean, variance) in aside:
            part.running_mean, part.running_var = mean, variance
        for part, _ in modes:
            if getattr(part, "running_mean", None) is not None:
                part.training = False
        yield
    finally:
        for part, mode in modes:
            part.training = mode
        for part, _ in aside:
            part.running_mean = part.running_var = None


def _synchronises(norm: nn.Module) -> bool:
    """True for torch's SyncBatchNorm and its like: in training it waits for all processes."""
    return any("Sync" in kind.__name__ for kind in type(norm).__mro__)


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
def without_autocast(device: torch.device) -> Iterator[None]:
    """Context in which no autocast that the caller is in applies, to a device or the CPU."""
    with contextlib.ExitStack() as stack:
        for kind in {device.type, "cpu"}:
            if torch.amp.is_autocast_available(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        yield


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


@contextlib.contextmanager
def preserved_host_random_state() -> Iterator[None]:
    """Restores the random numbers of Python and numpy, which a user's network may draw from, too."""
    of_python, of_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(of_python)
        np.random.set_state(of_numpy)  # noqa: NPY002


def seed_random_numbers(seed: int) -> None:
    """Seeds the generators that ``preserved_random_state`` restores.

    ``torch.manual_seed`` also seeds devices that are not in use yet, whose state cannot be saved.
    """
    torch.default_generator.manual_seed(int(seed))
    for accelerator in _accelerators():
        getattr(accelerator, "manual_seed_all", accelerator.manual_seed)(int(seed))


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
