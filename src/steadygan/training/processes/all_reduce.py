"""Differentiable all-reduce."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
import torch.distributed as dist

from steadygan.training.processes.failures import collective

if TYPE_CHECKING:
    from torch import Tensor


class _AllReduce(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone()
        with collective():
            dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        with collective():
            dist.all_reduce(total)
        return total


def all_reduce(tensor: Tensor) -> Tensor:
    """The sum of a tensor over processes; its gradient is the sum of all processes' gradients."""
    total: Tensor = _AllReduce.apply(tensor)  # type: ignore[no-untyped-call]
    return total
