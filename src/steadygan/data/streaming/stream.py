"""Streamed training data: pictures read from shards and decoded while a run asks for them, in bounded memory."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar, NoReturn

import numpy as np
from numpy.typing import NDArray

from steadygan.data.images.scan import chunked
from steadygan.data.images.store import decode_chunk
from steadygan.data.images.workers import WORTH_PROCESSES, Workers, mapped, spare_cores
from steadygan.data.order import permutation
from steadygan.data.reading import need_memory
from steadygan.data.streaming.buffer import Buffer
from steadygan.data.streaming.shards import ENCODED_BYTES, Encoded, Shards, picture_count
from steadygan.data.streaming.shuffle import LaneOrder
from steadygan.errors import DataError, RunError

if TYPE_CHECKING:
    from steadygan.data.images.decode import Plan
    from steadygan.data.types import Labels, Samples

_PART = 0x0DE5
_PART_COUNT, _PART_BYTES = 10_000, 256 * 2**20
_MOST_REPLACEMENTS = 256  # that are kept in memory


class Streamed:
    """Training data of M pictures in shards.

    Pictures come in the order of ``LaneOrder``. A group is read when one of its pictures is asked for; the others wait
    encoded in a buffer of at most ``order.window``. Processes decode them when they are asked for.

    A picture that cannot be decoded is replaced, with its label, by the next one of its group that can be (after the
    last comes the first; if there is none, the next group follows): the same one in each run. It is counted.
    """

    endless: ClassVar[bool] = False
    resident: ClassVar[None] = None
    labels: ClassVar[None] = None

    def __init__(self, shards: Shards, plan: Plan, order: LaneOrder, workers: int | None = None) -> None:
        """
        Args:
            shards: the groups to train on
            plan: the shape that pictures are brought to
            order: of the same groups
            workers: processes that decode; 0: the caller itself; None: the cores that are not needed for computing
        """
        self.shards = shards
        self.plan = plan
        self.order = order
        self.decoded = 0
        """pictures so far, in this process"""
        self.replaced = 0
        """pictures that could not be decoded so far, in this process, each as often as it was asked for"""
        self.first_replaced = ""
        """the first of these, and why"""
        self.buffer = Buffer(shards, order.window)
        self._workers = spare_cores() if workers is None else workers
        self._pool: Workers | None = None
        self._replacements: OrderedDict[int, tuple[NDArray[np.uint8], int]] = OrderedDict()
        self._some: tuple[Samples, Labels | None] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return int(self.order.starts[-1])

    def indices(self, seed: int, start: int, count: int, unit: int) -> NDArray[np.int64]:
        """Indices [count] of the step at position ``start`` of a run; see ``LaneOrder``."""
        return self.order.indices(seed, start, count, unit)

    def rows(self, indices: NDArray[np.int64]) -> tuple[Samples, Labels | None]:
        """Samples [N, C, S, S], decoded now, and their labels. Raises RunError, one line."""
        with self._lock:
            try:
                return self._rows(indices)
            except DataError as error:
                raise RunError(str(error)) from error

    def draw(self, rng: np.random.Generator, count: int) -> NoReturn:
        """Raises TypeError."""
        raise TypeError("streamed samples are read by index, not drawn")

    @property
    def part(self) -> int:
        """Samples in ``some()``, at most."""
        return min(len(self), max(1, min(_PART_COUNT, _PART_BYTES // self.plan.nbytes)))

    def some(self) -> tuple[Samples, Labels | None]:
        """``part`` samples of a fixed choice of groups, without those that cannot be decoded; kept in memory."""
        if self._some is None:
            order = permutation(len(self.shards.groups), 0, 0, _PART).tolist()
            ends = np.cumsum([self.shards.groups[number].size for number in order])
            chosen = self.shards.select(sorted(order[: int(np.searchsorted(ends, self.part)) + 1]))
            samples, labels, _ = decode_shards(chosen, self.plan)
            self._some = samples[: self.part], None if labels is None else labels[: self.part]
        return self._some

    def notes(self) -> tuple[str, ...]:
        """How many pictures were replaced, if any."""
        if not self.replaced:
            return ()
        pictures = f"{self.replaced:,} picture{'s' * (self.replaced > 1)}"
        verb = "were" if self.replaced > 1 else "was"
        first = self.first_replaced
        return (f"{pictures} could not be decoded and {verb} replaced by the next in the same group (first: {first})",)

    def close(self) -> None:
        """Ends the processes and empties the buffer; later reads start anew."""
        with self._lock:
            if self._pool is not None:
                self._pool.close()
                self._pool = None
            self.buffer.clear()

    def _rows(self, indices: NDArray[np.int64]) -> tuple[Samples, Labels | None]:
        groups = np.searchsorted(self.order.starts, indices, side="right") - 1
        inside = indices - self.order.starts[groups]
        taken = [self.buffer.take(group, row) for group, row in zip(groups.tolist(), inside.tolist(), strict=True)]
        samples = np.empty((len(taken), *self.plan.shape), np.uint8)
        labels = np.array([encoded.label for encoded in taken], dtype=np.int64)
        for slot, result in self._decoded([(slot, encoded.picture) for slot, encoded in enumerate(taken)]):
            if isinstance(result, str):
                group, row = int(groups[slot]), int(inside[slot])
                self.replaced += 1
                self.first_replaced = self.first_replaced or f"{self.shards.groups[group]}, row {row}: {result}"
                samples[slot], labels[slot] = self._replacement(group, row)
            else:
                samples[slot] = result
        self.decoded += len(taken)
        return samples, labels if self.shards.labelled else None

    def _decoded(self, pictures: list[tuple[int, bytes]]) -> Iterator[tuple[int, NDArray[np.uint8] | str]]:
        """(slot, encoded picture) -> (slot, decoded picture, or why it cannot be decoded), in any order."""
        decode = partial(decode_chunk, plan=self.plan)
        if not self._workers:
            yield from decode(list(pictures))
            return
        if self._pool is None:
            self._pool = Workers(self._workers, processes=True)
            weakref.finalize(self, self._pool.close)
        size = max(1, -(-len(pictures) // (2 * self._workers)))
        chunks = [list(pictures[start : start + size]) for start in range(0, len(pictures), size)]
        for results in self._pool.map(decode, chunks):
            yield from results

    def _replacement(self, group: int, row: int) -> tuple[NDArray[np.uint8], int]:
        key = int(self.order.starts[group]) + row
        if key not in self._replacements:
            self._replacements[key] = self._next_decodable(group, row)
            if len(self._replacements) > _MOST_REPLACEMENTS:
                self._replacements.popitem(last=False)
        return self._replacements[key]

    def _next_decodable(self, group: int, row: int) -> tuple[NDArray[np.uint8], int]:
        count = len(self.shards.groups)
        for number in [group, *((group + step) % count for step in range(1, count))]:
            pictures: list[Encoded] = self.buffer.read(number)
            first = row + 1 if number == group else 0
            for encoded in (*pictures[first:], *pictures[:first]):
                ((_, result),) = decode_chunk([(0, encoded.picture)], plan=self.plan)
                if not isinstance(result, str):
                    return result, encoded.label
        raise RunError("no picture of the data can be decoded any more")


def decode_shards(shards: Shards, plan: Plan) -> tuple[Samples, Labels | None, tuple[tuple[int, str], ...]]:
    """Pictures that can be decoded [N, C, S, S], their labels, and position and reason of the others."""
    labels: list[int] = []

    def pictures() -> Iterator[tuple[int, bytes]]:
        for number in range(len(shards.groups)):
            for encoded in shards.read(number):
                labels.append(encoded.label)
                yield len(labels) - 1, encoded.picture

    count = picture_count(shards)
    needed = count * (plan.nbytes + ENCODED_BYTES)
    need_memory(f"what is read of {len(shards.groups)} groups", needed, "decoded it takes")
    samples = np.empty((count, *plan.shape), np.uint8)
    positions: list[int] = []
    broken: list[tuple[int, str]] = []
    processes = count >= WORTH_PROCESSES
    for results in mapped(partial(decode_chunk, plan=plan), chunked(pictures(), count), processes=processes):
        for position, result in results:
            if isinstance(result, str):
                broken.append((position, result))
            else:
                samples[len(positions)] = result
                positions.append(position)
    kept = np.array(labels, dtype=np.int64)[positions] if shards.labelled else None
    return samples[: len(positions)], kept, tuple(broken)
