"""The processes that train one run together, as torchrun starts them; one process alone is a world of one.

Each process takes an equal part of the rows of every step's draws, which are drawn at global size; losses are weighted
by the part, so that the sum of the processes' gradients is the gradient of the whole batch.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import torch
import torch.distributed as dist

from steadygan.errors import RunError, SteadyganError, UsageError

if TYPE_CHECKING:
    from torch import Tensor, nn

PATIENCE = datetime.timedelta(minutes=30)  # the first process evaluates and saves while the others wait
_Value = TypeVar("_Value")


@contextmanager
def _together() -> Iterator[None]:
    """Turns the error of a sum that another process has left into one line."""
    try:
        yield
    except RuntimeError as error:
        if isinstance(error, SteadyganError):
            raise
        raise RunError(lost_process((str(error).splitlines() or [type(error).__name__])[0][:160])) from None


def lost_process(reason: str) -> str:
    return (
        f"another process of this run is gone ({reason}): 'steadygan resume RUN' goes on from the last checkpoint, "
        "with any number of processes that divides the batch"
    )


@dataclass(frozen=True)
class World:
    """Which process this is, and of how many; with one process every call is free and changes nothing."""

    rank: int = 0
    size: int = 1

    @property
    def first(self) -> bool:
        """Is this the process that writes and speaks?"""
        return self.rank == 0

    def rows(self, count: int) -> slice:
        """This process's rows of a batch of ``count``.

        Raises:
            UsageError: if the processes cannot have equal parts.
        """
        if count % self.size:
            raise UsageError(
                f"a batch of {count} cannot be shared equally by {self.size} processes: take a batch that "
                f"{self.size} divides (--batch {-(-count // self.size) * self.size}), or another number of processes"
            )
        share = count // self.size
        return slice(self.rank * share, (self.rank + 1) * share)

    def sum_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replaces the gradients by their sums over the processes, in one all-reduce.

        The sum is copied back into buffers of the parameters' strides, which fused optimizers walk blindly.
        """
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        with _together():
            dist.all_reduce(flat)
        pieces = torch.split(flat, [gradient.numel() for gradient in gradients])
        torch._foreach_copy_(gradients, [p.view(g.shape) for p, g in zip(pieces, gradients, strict=True)])

    def sum(self, value: Tensor) -> Tensor:
        """The sum of a tensor over the processes, without a gradient."""
        if self.size == 1:
            return value
        total = value.detach().clone()
        with _together():
            dist.all_reduce(total)
        return total

    def gathered(self, part: Tensor, *, with_gradient: bool = False) -> Tensor:
        """All processes' parts [n, ...] as one [size n, ...] in the order of ranks.

        Args:
            part: of this process
            with_gradient: this process's own part keeps its graph; those of the others are numbers
        """
        if self.size == 1:
            return part
        parts = [torch.empty_like(part, requires_grad=False) for _ in range(self.size)]
        with _together():
            dist.all_gather(parts, part.detach().contiguous())
        if with_gradient:
            parts[self.rank] = part
        return torch.cat(parts)

    def share_statistics(self, network: nn.Module) -> None:
        """Has the network's batch norms take their statistics over the batches of all processes."""
        if self.size > 1:
            for name, module in network.named_modules():
                if isinstance(module, torch.nn.modules.batchnorm._BatchNorm) and not hasattr(
                    module, "sum_over_processes"
                ):
                    raise UsageError(
                        f"batch norm {name} would take its statistics from one process's part of the batch alone: take "
                        "steadygan.networks.layers.normalization.BatchNorm2d, or a norm of each sample"
                    )
                if hasattr(module, "sum_over_processes"):
                    module.sum_over_processes = _sum

    def agreed(self, value: _Value) -> _Value:
        """The first process's value of anything that can be pickled, on all processes."""
        if self.size == 1:
            return value
        held: list[Any] = [value]
        with _together():
            dist.broadcast_object_list(held)
        agreed: _Value = held[0]
        return agreed

    def any(self, flag: bool) -> bool:
        """Does any process say so?"""
        return any(self.all_of(flag))

    def all_of(self, value: _Value) -> list[_Value]:
        """Every process's value of anything that can be pickled, in the order of ranks, on all processes."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        with _together():
            dist.all_gather_object(values, value)
        return values

    def check_equal(self, tensors: Mapping[str, Tensor], what: str) -> None:
        """Compares numbers of all processes by two sums of their bits.

        Raises:
            RunError: names the first tensor that differs and the processes that have it otherwise.
        """
        if self.size == 1:
            return
        names = list(tensors)
        prints = torch.stack([fingerprint(tensors[name]) for name in names]).cpu()
        all_prints = self.all_of(prints)
        for row, name in enumerate(names):
            strange = [rank for rank in range(self.size) if not torch.equal(all_prints[rank][row], all_prints[0][row])]
            if strange:
                ranks = ", ".join(map(str, strange))
                raise RunError(f"{what}: {name} differs between process 0 and process {ranks}; the run cannot go on")

    def wait(self) -> None:
        """Waits until all processes have come here."""
        if self.size > 1:
            with _together():
                dist.barrier()


ALONE = World()


class _Sum(torch.autograd.Function):
    """The sum of a tensor over the processes; the gradient of each is the sum of all gradients."""

    @staticmethod
    def forward(ctx: Any, part: Tensor) -> Tensor:
        total = part.clone()
        with _together():
            dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Tensor:
        total = gradients[0].contiguous().clone()
        with _together():
            dist.all_reduce(total)
        return total


def _sum(part: Tensor) -> Tensor:
    total: Tensor = _Sum.apply(part)  # type: ignore[no-untyped-call]
    return total


def fingerprint(tensor: Tensor) -> Tensor:
    """Two int64 that change where any bit of the tensor does (all but surely): a sum, and one weighted by place."""
    held = tensor.detach().contiguous().reshape(-1)
    bits = held.view({1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}[held.element_size()])
    wide = bits.to(torch.int64)
    places = torch.arange(1, len(wide) + 1, device=wide.device) * 0x9E3779B97F4A7C1 + 1
    return torch.stack([wide.sum(), (wide * places).sum()])
