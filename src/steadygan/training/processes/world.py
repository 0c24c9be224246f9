"""Data-parallel training: the processes of one run, and collective operations among them.

Draws are made at global size, and each process takes an equal share of every step's rows. Losses are weighted by the
share, so the sum of the processes' gradients is the gradient of the whole batch.
"""

from __future__ import annotations

import datetime
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import torch
import torch.distributed as dist

from steadygan.errors import RunError, UsageError
from steadygan.training.processes.all_reduce import all_reduce
from steadygan.training.processes.failures import collective
from steadygan.training.processes.fingerprint import fingerprint

if TYPE_CHECKING:
    from torch import Tensor, nn

TIMEOUT = datetime.timedelta(minutes=30)
"""of collective operations"""
PATIENCE = datetime.timedelta(days=1)
"""of processes that wait for what the first one does alone: evaluations may take longer than TIMEOUT"""
_PAUSE = 0.05
"""seconds between two questions at the store: its own waiting heeds no Ctrl-C, and fills the screen"""
_Value = TypeVar("_Value")


@dataclass(frozen=True)
class World:
    """Rank of this process and number of processes; with a single one every operation is free and changes nothing."""

    rank: int = 0
    size: int = 1
    """number of processes"""
    store: Any = field(default=None, repr=False, compare=False)
    """torch.distributed's store of the process group; None for a single process"""
    _waits: Iterator[int] = field(default_factory=itertools.count, repr=False, compare=False)

    @property
    def first(self) -> bool:
        """True on rank 0, which logs and saves."""
        return self.rank == 0

    def rows(self, count: int) -> slice:
        """This process's rows of a batch of ``count``.

        Raises:
            UsageError: unless the number of processes divides ``count``.
        """
        if count % self.size:
            raise UsageError(
                f"a batch of {count} cannot be shared equally by {self.size} processes: take a batch that "
                f"{self.size} divides (--batch {-(-count // self.size) * self.size}), or another number of processes"
            )
        share = count // self.size
        return slice(self.rank * share, (self.rank + 1) * share)

    def all_reduce_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Replaces the gradients by their sums over processes, in one all-reduce.

        The sums are copied into buffers of the parameters' strides, which fused optimizers rely on.
        """
        if self.size == 1:
            return
        gradients = [p.grad for p in parameters if p.grad is not None]
        if not gradients:
            return
        flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
        with collective():
            dist.all_reduce(flat)
        pieces = torch.split(flat, [gradient.numel() for gradient in gradients])
        torch._foreach_copy_(gradients, [p.view(g.shape) for p, g in zip(pieces, gradients, strict=True)])

    def all_reduce(self, tensor: Tensor) -> Tensor:
        """The sum of a tensor over processes, detached."""
        if self.size == 1:
            return tensor
        total = tensor.detach().clone()
        with collective():
            dist.all_reduce(total)
        return total

    def all_gather(self, rows: Tensor, *, with_gradient: bool = False) -> Tensor:
        """Concatenates all processes' rows [n, ...] to [size n, ...], in the order of ranks.

        Args:
            rows: of this process
            with_gradient: keep the graph of this process's rows; the others' are detached
        """
        if self.size == 1:
            return rows
        gathered = [torch.empty_like(rows, requires_grad=False) for _ in range(self.size)]
        with collective():
            dist.all_gather(gathered, rows.detach().contiguous())
        if with_gradient:
            gathered[self.rank] = rows
        return torch.cat(gathered)

    def synchronize_batch_norms(self, network: nn.Module) -> None:
        """Makes the network's batch norms take their statistics over the batches of all processes.

        Raises:
            UsageError: for a batch norm that cannot.
        """
        if self.size == 1:
            return
        for name, module in network.named_modules():
            if hasattr(module, "sum_over_processes"):
                module.sum_over_processes = all_reduce
            elif isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
                raise UsageError(
                    f"batch norm {name} would take its statistics from one process's part of the batch alone: take "
                    "steadygan.networks.layers.normalization.BatchNorm2d, or a norm of each sample"
                )

    def broadcast(self, value: _Value) -> _Value:
        """Rank 0's value, on every process; any object that can be pickled."""
        if self.size == 1:
            return value
        values: list[Any] = [value]
        with collective():
            dist.broadcast_object_list(values)
        received: _Value = values[0]
        return received

    def any(self, flag: bool) -> bool:
        """True if the flag is set on any rank."""
        return any(self.all_gather_object(flag))

    def all_gather_object(self, value: _Value) -> list[_Value]:
        """The values of all processes, in the order of ranks; any objects that can be pickled."""
        if self.size == 1:
            return [value]
        values: list[Any] = [None] * self.size
        with collective():
            dist.all_gather_object(values, value)
        return values

    def check_equal(self, tensors: Mapping[str, Tensor], what: str) -> None:
        """Checks that tensors are equal on all processes, by their fingerprints.

        Args:
            tensors: by name
            what: when they are compared, for the error message

        Raises:
            RunError: names the first tensor that differs, and the ranks where it does.
        """
        if self.size == 1:
            return
        names = list(tensors)
        prints = torch.stack([fingerprint(tensors[name]) for name in names]).cpu()
        all_prints = self.all_gather_object(prints)
        for row, name in enumerate(names):
            different = [
                rank for rank in range(self.size) if not torch.equal(all_prints[rank][row], all_prints[0][row])
            ]
            if different:
                ranks = ", ".join(map(str, different))
                raise RunError(f"{what}: {name} differs between process 0 and process {ranks}; the run cannot go on")

    def barrier(self, *, patient: bool = False) -> None:
        """Waits until all processes have reached this call.

        Args:
            patient: wait for rank 0 up to PATIENCE in place of TIMEOUT, after what it does alone, such as an evaluation

        Raises:
            RunError: if another process is gone.
        """
        if self.size == 1:
            return
        with collective():
            if patient:
                self._wait_for_first()
            dist.barrier()

    def _wait_for_first(self) -> None:
        name, began = f"first process went on: {next(self._waits)}", time.monotonic()
        if self.first:
            self.store.set(name, "1")
        while not self.first and not self.store.check([name]):
            if time.monotonic() - began > PATIENCE.total_seconds():
                raise RuntimeError(f"the first process did not go on within {PATIENCE}")
            time.sleep(_PAUSE)


ALONE = World()
"""the world of a single process"""
