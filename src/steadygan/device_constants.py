"""Small constant tensors, copied to each device once: a copy within a step waits for a GPU and is in no CUDA graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Values: TypeAlias = "tuple[float, ...] | tuple[tuple[float, ...], ...]"

_made: dict[tuple[Values, torch.device, torch.dtype], Tensor] = {}


def constant(values: Values, like: Tensor) -> Tensor:
    """The values on the device of ``like`` and of its dtype; the same tensor in each call, not to be changed."""
    import torch

    if torch.compiler.is_compiling():  # a constant of the compiled graph
        return torch.tensor(values, dtype=like.dtype, device=like.device)
    key = (values, like.device, like.dtype)
    found = _made.get(key)
    if found is None:
        with torch.inference_mode(False):  # a tensor of inference mode takes no part in later gradients
            found = torch.tensor(values, dtype=like.dtype, device=like.device)
        if type(found) is torch.Tensor:  # none that only traces, as under a mode of fake tensors
            _made[key] = found
    return found
