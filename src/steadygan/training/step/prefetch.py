"""Prefetching: a thread reads the rows of coming steps while the device computes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray

from steadygan.training.step.draws import micro_batches

if TYPE_CHECKING:
    from torch import Tensor

    from steadygan.data.dataset import Labels, Samples
    from steadygan.training.processes.world import World
    from steadygan.training.step.drawer import Drawer

Rows: TypeAlias = NDArray[np.int64]
"""[N] indices into the data"""

_Result = TypeVar("_Result")

DEPTH = 8
"""number of batches that are prefetched"""


class _Batch(NamedTuple):
    """Rows as tensors, possibly still being copied to the device."""

    rows: Rows
    samples: Tensor
    labels: Tensor | None
    copied: torch.cuda.Event | None
    """end of the copy on its stream; None: the copy is complete"""


def coming_rows(drawer: Drawer, world: World, round_: int, position: int) -> Iterator[Rows]:
    """The rows of each (micro-)batch of this process from a round on, up to the end of the run.

    Empty if steps are balanced by losses and the players' batches have different sizes: the next rows are then unknown.

    Args:
        drawer: of the run
        world: the processes, each of which reads its share
        round_: from 0
        position: real samples taken from the data before it
    """
    recipe = drawer.recipe
    if recipe.balance is not None and recipe.generator_takes_real and recipe.fakes != recipe.batch:
        return
    for coming in range(round_, recipe.rounds):
        for rows in drawer.rows(coming, position):
            for micro in micro_batches(world.rows(len(rows)), recipe.run.micro_batch):
                yield rows[micro]
        position += drawer.samples_in(coming)


class Prefetcher:
    """Reads rows of the data as tensors on the device, the next ones in the background.

    A request that is not the next batch of the followed sequence is read on demand, and prefetching ends.
    """

    def __init__(
        self, read: Callable[[Rows], tuple[Samples, Labels | None]], device: torch.device, again: int = 0
    ) -> None:
        """
        Args:
            read: rows to samples and labels; called by one thread at a time
            device: of the tensors; a GPU gets them from pinned memory on a separate stream, while it computes
            again: number of batches just given that may be asked for once more, as a step's lazy phases do
        """
        self.waited = 0.0
        """seconds that calls have waited for their batch"""
        self._read = read
        self._device = device
        self._copy_stream = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._next: Iterator[Rows] = iter(())
        self._pending: deque[Future[_Batch | None]] = deque()
        self._pool: ThreadPoolExecutor | None = None
        self._recent: deque[_Batch] = deque(maxlen=DEPTH)
        self._given: deque[_Batch] = deque(maxlen=again)

    def follow(self, batches: Iterator[Rows]) -> None:
        """Prefetches these batches from now on, ``DEPTH`` at a time."""
        self.close()
        self._next = batches
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="steadygan-prefetch")
        for _ in range(DEPTH):
            self._pending.append(self._pool.submit(self._read_next))

    def __call__(self, rows: Rows) -> tuple[Tensor, Tensor | None]:
        """Samples [N, ...] and labels [N] of the rows.

        Raises:
            RunError: one line, for data that can no longer be read.
        """
        return self._awaited(self._prefetched(rows) or self._on_demand(rows))

    def close(self) -> None:
        """Ends the thread; later calls read on demand."""
        self._pending.clear()
        self._given.clear()
        self._next = iter(())
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _prefetched(self, rows: Rows) -> _Batch | None:
        if self._pool is None:
            return None
        for given in self._given:
            if np.array_equal(given.rows, rows):
                return given
        batch = self._timed(self._pending.popleft().result)
        if batch is None or not np.array_equal(batch.rows, rows):
            self.close()
            return None
        self._pending.append(self._pool.submit(self._read_next))
        self._given.append(batch)
        return batch

    def _on_demand(self, rows: Rows) -> _Batch:
        """Reads now; the last few batches are cached, since measurements repeat a step."""
        for recent in self._recent:
            if np.array_equal(recent.rows, rows):
                return recent
        batch = self._timed(lambda: self._load(rows))
        self._recent.append(batch)
        return batch

    def _timed(self, wait: Callable[[], _Result]) -> _Result:
        began = time.perf_counter()
        try:
            return wait()
        finally:
            self.waited += time.perf_counter() - began

    def _read_next(self) -> _Batch | None:
        rows = next(self._next, None)
        return None if rows is None else self._load(rows)

    def _load(self, rows: Rows) -> _Batch:
        """Reads rows and starts their copy to the device."""
        samples, labels = self._read(rows)
        tensors = [torch.from_numpy(samples)]
        if labels is not None:
            tensors.append(torch.from_numpy(labels))
        copied: torch.cuda.Event | None = None
        if self._copy_stream is None:
            tensors = [tensor.to(self._device) for tensor in tensors]
        else:
            with torch.cuda.stream(self._copy_stream):
                tensors = [tensor.pin_memory().to(self._device, non_blocking=True) for tensor in tensors]
                copied = torch.cuda.Event()  # type: ignore[no-untyped-call]
                copied.record()
        return _Batch(rows, tensors[0], tensors[1] if labels is not None else None, copied)

    def _awaited(self, batch: _Batch) -> tuple[Tensor, Tensor | None]:
        """The tensors; the current stream waits for their copy."""
        if batch.copied is not None:
            stream = torch.cuda.current_stream(self._device)
            stream.wait_event(batch.copied)
            for tensor in (batch.samples, batch.labels):
                if tensor is not None:
                    tensor.record_stream(stream)  # its memory is not reused while this stream needs it
        return batch.samples, batch.labels
