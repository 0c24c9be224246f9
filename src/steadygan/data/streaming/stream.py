"""A stream: pictures of parquet files that are read and decoded as a run asks for them, in bounded memory."""

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
from steadygan.data.streaming.buffer import Held
from steadygan.data.streaming.shuffle import LaneOrder
from steadygan.errors import DataError, RunError

if TYPE_CHECKING:
    from steadygan.data.images.decode import Plan
    from steadygan.data.parquet.row_groups import RowGroups
    from steadygan.data.types import Labels, Samples

_PART = 0x0DE5
_PART_COUNT, _PART_BYTES = 10_000, 256 * 2**20
_MOST_KEPT = 256  # replacements that are remembered


class Streamed:
    """M pictures in row groups of parquet files.

    The order in which they are seen is that of ``LaneOrder``. Row groups are read when a picture of theirs is asked
    for; their pictures are held encoded until each was asked for, at most ``order.window`` in all, and are decoded by
    processes of their own when they are asked for.

    A picture that cannot be decoded is replaced, with its label, by the next one of its row group that can be (after
    the last comes the first; where there is none, of the next row group): the same one in each run. It is counted.
    """

    endless: ClassVar[bool] = False
    resident: ClassVar[None] = None
    labels: ClassVar[None] = None

    def __init__(self, groups: RowGroups, plan: Plan, order: LaneOrder, workers: int | None = None) -> None:
        """
        Args:
            groups: those to train on
            plan: the shape that pictures are brought to
            order: of the same row groups
            workers: processes that decode; 0: the caller itself; None: the cores that are not needed for computing
        """
        self.groups = groups
        self.plan = plan
        self.order = order
        self.decoded = 0
        """pictures so far, in this process"""
        self.replaced = 0
        """pictures that could not be decoded so far, in this process, each as often as it was asked for"""
        self.first_replaced = ""
        """the first of these, and why"""
        self.held = Held(groups, order.window)
        self._workers = spare_cores() if workers is None else workers
        self._crew: Workers | None = None
        self._replacements: OrderedDict[int, tuple[NDArray[np.uint8], int]] = OrderedDict()
        self._part: tuple[Samples, Labels | None] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return int(self.order.starts[-1])

    def indices(self, seed: int, start: int, count: int, unit: int) -> NDArray[np.int64]:
        """The samples of the step of ``count`` that begins at position ``start`` of a run; see ``LaneOrder``."""
        return self.order.indices(seed, start, count, unit)

    def rows(self, indices: NDArray[np.int64]) -> tuple[Samples, Labels | None]:
        """Some samples [N, C, S, S], decoded now, and their labels. Raises RunError, one line."""
        with self._lock:
            try:
                return self._rows(indices)
            except DataError as error:
                raise RunError(str(error)) from error

    @property
    def part(self) -> int:
        """Samples in ``some()``, at most."""
        return min(len(self), max(1, min(_PART_COUNT, _PART_BYTES // self.plan.nbytes)))

    def some(self) -> tuple[Samples, Labels | None]:
        """``part`` samples for what cannot look at all of them: a fixed choice of whole row groups, without those that
        cannot be decoded."""
        if self._part is None:
            order = permutation(len(self.groups.places), 0, 0, _PART).tolist()
            ends = np.cumsum([self.groups.places[number].rows for number in order])
            chosen = self.groups.some(sorted(order[: int(np.searchsorted(ends, self.part)) + 1]))
            samples, labels, _ = decoded_groups(chosen, self.plan)
            self._part = samples[: self.part], None if labels is None else labels[: self.part]
        return self._part

    def notes(self) -> tuple[str, ...]:
        """How many pictures were replaced, if any."""
        if not self.replaced:
            return ()
        pictures = f"{self.replaced:,} picture{'s' * (self.replaced > 1)}"
        gave_way = "could not be decoded and gave way to the next of their row groups"
        return (f"{pictures} {gave_way} (first: {self.first_replaced})",)

    def draw(self, rng: np.random.Generator, count: int) -> NoReturn:
        """Raises TypeError."""
        raise TypeError("streamed samples are read by index, not drawn")

    def close(self) -> None:
        """Ends the processes and empties the buffer; later reads start anew."""
        with self._lock:
            if self._crew is not None:
                self._crew.close()
                self._crew = None
            self.held.clear()

    def _rows(self, indices: NDArray[np.int64]) -> tuple[Samples, Labels | None]:
        groups = np.searchsorted(self.order.starts, indices, side="right") - 1
        inside = indices - self.order.starts[groups]
        rows = [self.held.taken(group, row) for group, row in zip(groups.tolist(), inside.tolist(), strict=True)]
        samples = np.empty((len(rows), *self.plan.shape), np.uint8)
        labels = np.array([row.label for row in rows], dtype=np.int64)
        for slot, result in self._decoded([(slot, row.picture) for slot, row in enumerate(rows)]):
            if isinstance(result, str):
                group, row = int(groups[slot]), int(inside[slot])
                self.replaced += 1
                self.first_replaced = self.first_replaced or f"{self.groups.places[group]}, row {row}: {result}"
                samples[slot], labels[slot] = self._replacement(group, row)
            else:
                samples[slot] = result
        self.decoded += len(rows)
        return samples, labels if self.groups.labels else None

    def _decoded(self, pictures: list[tuple[int, bytes]]) -> Iterator[tuple[int, NDArray[np.uint8] | str]]:
        """(place, picture) -> (place, picture decoded, or why it cannot be), in any order."""
        decode = partial(decode_chunk, plan=self.plan)
        if not self._workers:
            yield from decode(list(pictures))
            return
        if self._crew is None:
            self._crew = Workers(self._workers, processes=True)
            weakref.finalize(self, self._crew.close)
        size = max(1, -(-len(pictures) // (2 * self._workers)))
        chunks = [list(pictures[start : start + size]) for start in range(0, len(pictures), size)]
        for results in self._crew.map(decode, chunks):
            yield from results

    def _replacement(self, group: int, row: int) -> tuple[NDArray[np.uint8], int]:
        key = int(self.order.starts[group]) + row
        if key not in self._replacements:
            self._replacements[key] = self._searched(group, row)
            if len(self._replacements) > _MOST_KEPT:
                self._replacements.popitem(last=False)
        return self._replacements[key]

    def _searched(self, group: int, row: int) -> tuple[NDArray[np.uint8], int]:
        """The next picture after a row that can be decoded."""
        count = len(self.groups.places)
        for number in [group, *((group + step) % count for step in range(1, count))]:
            rows = self.held.whole(number)
            first = row + 1 if number == group else 0
            for found in (*rows[first:], *rows[:first]):
                ((_, result),) = decode_chunk([(0, found.picture)], plan=self.plan)
                if not isinstance(result, str):
                    return result, found.label
        raise RunError("no picture of the data can be decoded any more")


def decoded_groups(groups: RowGroups, plan: Plan) -> tuple[Samples, Labels | None, tuple[tuple[int, str], ...]]:
    """The pictures of row groups that can be decoded [N, C, S, S], their labels, and place and reason of the others."""
    labels: list[int] = []

    def pictures() -> Iterator[tuple[int, bytes]]:
        for number in range(len(groups.places)):
            for row in groups.read(number):
                labels.append(row.label)
                yield len(labels) - 1, row.picture

    samples = np.empty((groups.count, *plan.shape), np.uint8)
    places: list[int] = []
    broken: list[tuple[int, str]] = []
    processes = groups.count >= WORTH_PROCESSES
    for results in mapped(partial(decode_chunk, plan=plan), chunked(pictures(), groups.count), processes=processes):
        for place, result in results:
            if isinstance(result, str):
                broken.append((place, result))
            else:
                samples[len(places)] = result
                places.append(place)
    found = np.array(labels, dtype=np.int64)[places] if groups.labels else None
    return samples[: len(places)], found, tuple(broken)
