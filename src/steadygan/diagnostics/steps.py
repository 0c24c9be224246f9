"""Norms of gradients and of steps of a network's parameters, as 0-d tensors on their device."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from steadygan.diagnostics.signals.critic_passes import stored_numbers
from steadygan.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

_LEAST = 1e-12  # norm of all weights of a network


def weights_of(parameters: Iterable[nn.Parameter]) -> list[Tensor]:
    """Copies of the parameters, for ``mean_step`` after a round."""
    return [parameter.detach().clone() for parameter in parameters]


def norm_of_gradients(parameters: Iterable[nn.Parameter]) -> Tensor:
    """Euclidean norm of the gradients that the parameters hold; 0 without any."""
    return _norm([parameter.grad for parameter in parameters if parameter.grad is not None])


def mean_step(before: Sequence[Tensor], parameters: Iterable[nn.Parameter], steps: int) -> Tensor:
    """Norm of the parameters' change over that of the parameters before, divided by the number of steps between.

    Steps in different directions add up to less than their lengths: of several steps it is at most their mean. Of
    weights that are all 0 and stay so it is 0.

    Raises:
        UsageError: one line, for other parameters than before.
    """
    import torch

    after = [parameter.detach() for parameter in parameters]
    if [each.shape for each in after] != [each.shape for each in before]:
        raise UsageError(
            f"the network has other parameters than before the step: {_counted(after)}, where there were "
            f"{_counted(before)}"
        )
    with torch.no_grad():
        change = [now - was for now, was in zip(after, before, strict=True)]
        return _norm(change) / _norm(list(before)).clamp(min=_LEAST) / max(1, steps)


def _norm(tensors: list[Tensor]) -> Tensor:
    """Euclidean norm of all numbers, sparse or complex ones too, on the device of the first tensor."""
    import torch

    if not tensors:
        return torch.zeros(())
    with torch.no_grad():
        norms = torch._foreach_norm([stored_numbers(tensor).float() for tensor in tensors])
        norm: Tensor = torch.linalg.vector_norm(torch.stack([each.to(norms[0].device) for each in norms]))
    return norm


def _counted(tensors: Sequence[Tensor]) -> str:
    return f"{sum(tensor.numel() for tensor in tensors)} numbers in {len(tensors)} tensors"
