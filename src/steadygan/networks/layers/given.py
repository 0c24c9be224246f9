"""A module that was handed over built, in place of a function that makes one."""

from __future__ import annotations

import copy
import hashlib

import torch
from torch import nn

from steadygan.errors import UsageError, in_one_line


class Given:
    """A function without parameters that makes copies of a module, with the weights that it had when it was given."""

    def __init__(self, module: nn.Module) -> None:
        """Raises UsageError for a module that cannot be copied."""
        self.__module__ = type(module).__module__
        self.__qualname__ = type(module).__qualname__
        self._module = copied(module)
        self.weights = _hash(module)
        """of parameters and buffers, 16 hexadecimal digits"""

    def __call__(self) -> nn.Module:
        return copied(self._module)


def copied(module: nn.Module) -> nn.Module:
    """A copy of a module.

    Raises:
        UsageError: one line, for one that cannot be copied, such as one under torch's old weight norm.
    """
    try:
        return copy.deepcopy(module)
    except Exception as error:  # of any code that the module holds
        raise UsageError(
            f"{type(module).__name__} cannot be copied, as the average of weights needs it ({in_one_line(error, 90)}): "
            "take torch.nn.utils.parametrizations in place of older weight norms, and hold no open files or locks"
        ) from error


def _hash(module: nn.Module) -> str:
    total = hashlib.sha256()
    for name, tensor in module.state_dict().items():
        total.update(name.encode())
        if isinstance(tensor, torch.Tensor):
            raw = tensor.detach().cpu().contiguous().reshape(-1)
            total.update(f"{tensor.dtype}{list(tensor.shape)}".encode())
            total.update(raw.view(torch.uint8).numpy().tobytes() if raw.numel() else b"")
    return total.hexdigest()[:16]
