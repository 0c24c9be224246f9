"""Latents and labels that a caller gives, of any kind of array, as checked tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from steadygan.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor


def as_latents(given: Any, size: int, name: str = "latents") -> Tensor:
    """Latents as float32 [N, size].

    Raises:
        UsageError: one line, for another shape, and for numbers that are none or not finite.
    """
    import torch

    latents = _tensor(given, name).to(torch.float32)
    if latents.dim() != 2 or not len(latents) or latents.shape[1] != size:
        raise UsageError(f"{name} have the shape {list(latents.shape)}; needed: [N, {size}], N from 1")
    if not latents.isfinite().all():
        raise UsageError(f"{name} hold numbers that are not finite")
    return latents


def as_labels(given: Any, count: int, classes: int) -> Tensor:
    """Labels as int64 [count].

    Raises:
        UsageError: one line, for another shape, and for what is no class of the data.
    """
    import torch

    labels = _tensor(given, "labels")
    whole = not (labels.is_floating_point() or labels.is_complex() or labels.dtype == torch.bool)
    if not whole or labels.shape != (count,) or not 0 <= int(labels.min()) <= int(labels.max()) < max(1, classes):
        span = f", {labels.min()} to {labels.max()}" if labels.numel() and not labels.is_complex() else ""
        raise UsageError(
            f"labels are {list(labels.shape)} of {labels.dtype}{span}; needed: [{count}], whole numbers below {classes}"
        )
    return labels.to(torch.int64)


def _tensor(given: Any, name: str) -> Tensor:
    import torch

    try:
        return torch.as_tensor(given)
    except (TypeError, ValueError, RuntimeError):
        raise UsageError(f"{name} are {type(given).__name__}; needed: a tensor or an array of numbers") from None
