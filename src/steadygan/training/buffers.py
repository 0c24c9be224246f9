"""Buffers of a module, such as running statistics, left unchanged by a forward pass for measurement."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

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
