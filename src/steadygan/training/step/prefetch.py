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
    from steadygan.training.step.draws import Drawer

Rows: TypeAlias = NDArray[np.int64]
"""[N] indices into the data"""

_Result = TypeVar("_Result")

DEPTH = 8
"""batches that are prefetched, at most"""


class _Batch(NamedTuple):
    """Some rows as tensors, which may still be on their way to the device."""

    rows: Rows
    samples: Tensor
    labels: Tensor | None
    arrived: torch.cuda.Event | None
    """on the copying stream; None: they have arrived"""


def coming_rows(drawer: Drawer, world: World, round_: int, position: int) -> Iterator[Rows]:
    """The rows that this process asks for from a round on, one batch at a time, up to the end of the run.

    Nothing if losses decide how many steps a player makes and both players take unequal batches: the next rows are
    then not known.

    Args:
        drawer: of the run
        world: of which each process asks for its part
        round_: from 0
        position: real samples that were taken from the data before it
    """
    recipe = drawer.recipe
    if recipe.balance is not None and recipe.objective.needs_real and recipe.fakes != recipe.batch:
        return
    for each in range(round_, recipe.rounds):
        for rows in drawer.rows(each, position):
            for part in micro_batches(world.rows(len(rows)), recipe.run.micro_batch):
                yield rows[part]
        position += drawer.samples_in(each)


class Prefetcher:
    """Rows of the data as tensors on the device; the next ones are read meanwhile.

    What is asked for is what is given: a batch that is not the next one of the sequence is read on the spot, and the
    sequence is given up.
    """

    def __init__(self, read: Callable[[Rows], tuple[Samples, Labels | None]], device: torch.device) -> None:
        """
        Args:
            read: gives the samples and labels of rows; called by one thread at a time
            device: where the tensors go: on a GPU from pinned memory, on a stream of its own, while it computes
        """
        self.waited = 0.0
        """seconds that calls had to wait until their batch was read"""
        self._read = read
        self._device = device
        self._copies = torch.cuda.Stream(device) if device.type == "cuda" else None  # type: ignore[no-untyped-call]
        self._next: Iterator[Rows] = iter(())
        self._coming: deque[Future[_Batch | None]] = deque()
        self._pool: ThreadPoolExecutor | None = None
        self._kept: deque[_Batch] = deque(maxlen=DEPTH)

    def follow(self, batches: Iterator[Rows]) -> None:
        """Prefetches these batches from now on, a few at a time."""
        self.close()
        self._next = batches
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="steadygan-prefetch")
        for _ in range(DEPTH):
            self._coming.append(self._pool.submit(self._read_next))

    def __call__(self, rows: Rows) -> tuple[Tensor, Tensor | None]:
        """The samples [N, ...] and the labels [N] of some rows.

        Raises:
            RunError: one line, for data that cannot be read any more.
        """
        return self._arrived(self._ahead(rows) or self._at_once(rows))

    def close(self) -> None:
        """Ends the thread; later calls read on the spot."""
        self._coming.clear()
        self._next = iter(())
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _ahead(self, rows: Rows) -> _Batch | None:
        if self._pool is None:
            return None
        found = self._timed(self._coming.popleft().result)
        if found is None or not np.array_equal(found.rows, rows):
            self.close()
            return None
        self._coming.append(self._pool.submit(self._read_next))
        return found

    def _at_once(self, rows: Rows) -> _Batch:
        """Reads now; the last few batches are kept: whoever measures a step repeats it."""
        for kept in self._kept:
            if np.array_equal(kept.rows, rows):
                return kept
        found = self._timed(lambda: self._sent(rows))
        self._kept.append(found)
        return found

    def _timed(self, wait: Callable[[], _Result]) -> _Result:
        began = time.perf_counter()
        try:
            return wait()
        finally:
            self.waited += time.perf_counter() - began

    def _read_next(self) -> _Batch | None:
        rows = next(self._next, None)
        return None if rows is None else self._sent(rows)

    def _sent(self, rows: Rows) -> _Batch:
        samples, labels = self._read(rows)
        tensors = [torch.from_numpy(samples)]
        if labels is not None:
            tensors.append(torch.from_numpy(labels))
        arrived: torch.cuda.Event | None = None
        if self._copies is None:
            tensors = [tensor.to(self._device) for tensor in tensors]
        else:
            with torch.cuda.stream(self._copies):
                tensors = [tensor.pin_memory().to(self._device, non_blocking=True) for tensor in tensors]
                arrived = torch.cuda.Event()  # type: ignore[no-untyped-call]
                arrived.record()
        return _Batch(rows, tensors[0], tensors[1] if labels is not None else None, arrived)

    def _arrived(self, batch: _Batch) -> tuple[Tensor, Tensor | None]:
        if batch.arrived is not None:
            stream = torch.cuda.current_stream(self._device)
            stream.wait_event(batch.arrived)
            for tensor in (batch.samples, batch.labels):
                if tensor is not None:
                    tensor.record_stream(stream)  # its memory is not given away while this stream uses it
        return batch.samples, batch.labels
