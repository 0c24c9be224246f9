"""Which pictures of a stream a step sees: a pure function of the seed and of the position in the run, known from the
sizes of the row groups alone, in which neighbours come from few row groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from steadygan.data.order import permutation

_GROUPS, _WINDOWS = 0x0DE3, 0x0DE4
_MOST_LANES = 64
_GROUPS_A_WINDOW = 2


@dataclass(frozen=True, eq=False)
class LaneOrder:
    """The order in which the pictures of row groups are seen.

    In each epoch the row groups are laid in a row in a random order of their own, and the row is cut into L equal
    *lanes*. Each lane is walked through in *windows* of whole row groups, at most ``window`` / L pictures; the pictures
    of a window come in random order. A step of N pictures takes its first N / L from lane 0, the next from lane 1, and
    so on. So:

    - A picture is seen at most once in an epoch; fewer than L of them are left out, in each epoch others.
    - A batch is made of L places far apart in the data, anew in each epoch, however the files are sorted.
    - It is less random than a permutation of all pictures: two pictures of one row group are always seen near each
      other, within two windows of their lane. With row groups that hold one class each, N / L pictures of a batch come
      from the few classes of a window.
    - One of k processes, which sees the rows r N / k to (r + 1) N / k of each step, reads only the row groups of its
      own lanes where k divides L. The order does not depend on k.
    - Between the first use of a row group and its last, the lane uses the groups of one window only: what has to be
      held is at most ``window`` pictures over all lanes.
    """

    sizes: NDArray[np.int64]
    """[G]: pictures of each row group, all above 0"""
    window: int
    """pictures that are shuffled among each other, over all lanes; at least those of the largest row group"""

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """[G + 1]: the index of each row group's first picture, and the number of all."""
        return np.concatenate([[0], np.cumsum(self.sizes)])

    def lanes(self, unit: int) -> int:
        """How many lanes: the most that divide ``unit`` and leave each window two of the largest row groups; or one.

        Args:
            unit: divides the number of pictures of every step
        """
        most = min(_MOST_LANES, len(self.sizes) // _GROUPS_A_WINDOW, self.window // (_GROUPS_A_WINDOW * self.largest))
        return max((lanes for lanes in range(1, most + 1) if unit % lanes == 0), default=1)

    @cached_property
    def largest(self) -> int:
        """Pictures of the largest row group."""
        return int(self.sizes.max())

    def indices(self, seed: int, start: int, count: int, unit: int) -> NDArray[np.int64]:
        """The pictures [count] of the step that begins at position ``start`` of a run, both divisible by ``unit``."""
        if unit < 1 or count < 0 or start < 0 or count % unit or start % unit:
            raise ValueError(f"cannot order a step of {count} from {start} in units of {unit}")
        lanes = self.lanes(unit)
        begin, end = start // lanes, (start + count) // lanes
        length = int(self.starts[-1]) // lanes
        found = np.empty((lanes, end - begin), dtype=np.int64)
        at = begin
        while at < end:
            number, offset = divmod(at, length)
            epoch = _epoch(self, seed, number, lanes)
            here = min(end - at, length - offset)
            for lane in range(lanes):
                epoch.fill(found[lane, at - begin : at - begin + here], lane, offset)
            at += here
        return found.reshape(-1)


@lru_cache(maxsize=3)  # a step can straddle two epochs, and another thread may be ahead
def _epoch(order: LaneOrder, seed: int, number: int, lanes: int) -> _Epoch:
    return _Epoch(order, seed, number, lanes)


class _Epoch:
    """One walk through all row groups."""

    def __init__(self, order: LaneOrder, seed: int, number: int, lanes: int) -> None:
        self.order, self.seed, self.number = order, seed, number
        self.groups = permutation(len(order.sizes), seed, number, _GROUPS)
        self.ends = np.cumsum(order.sizes[self.groups])
        """[G]: where each of these groups ends in the row"""
        length = int(self.ends[-1]) // lanes
        self.lanes = [lane * length for lane in range(lanes)]
        self.cuts = [self._cuts(lane, length, max(1, order.window // lanes), lanes) for lane in range(lanes)]
        self.window = lru_cache(maxsize=2 * lanes)(self._window)

    def _cuts(self, lane: int, length: int, window: int, lanes: int) -> NDArray[np.int64]:
        """Where the windows of a lane begin in the row, and where the last one ends.

        The first window is shorter, in each lane another part of a whole one: lanes do not all begin to read a window
        at the same step.
        """
        start, end = lane * length, (lane + 1) * length
        cuts, most = [start], max(1, window * (lane + 1) // lanes)
        while cuts[-1] < end:
            near = int(np.searchsorted(self.ends, cuts[-1] + most, side="right")) - 1
            cut = int(self.ends[near]) if near >= 0 else 0
            if cut <= cuts[-1]:  # not even one group fits into what is left of it
                cut = int(self.ends[near + 1])
            cuts.append(min(cut, end))
            most = window
        return np.array(cuts)

    def _window(self, lane: int, number: int) -> NDArray[np.int64]:
        """The pictures of one window of a lane, in the order in which they are seen."""
        start, end = self.cuts[lane][number : number + 2].tolist()
        first, last = np.searchsorted(self.ends, [start, end - 1], side="right").tolist()
        pieces = []
        for place in range(first, last + 1):
            group = int(self.groups[place])
            size = int(self.order.sizes[group])
            before = int(self.ends[place]) - size
            own = np.arange(max(start - before, 0), min(end - before, size))
            pieces.append(int(self.order.starts[group]) + own)
        inside = np.concatenate(pieces)
        which = (lane << 32) + number
        return inside[permutation(len(inside), self.seed, self.number, _WINDOWS, which)]

    def fill(self, out: NDArray[np.int64], lane: int, offset: int) -> None:
        """Writes what a lane sees from an offset on."""
        done, cuts = 0, self.cuts[lane]
        at = self.lanes[lane] + offset
        while done < len(out):
            number = int(np.searchsorted(cuts, at, side="right")) - 1
            pictures = self.window(lane, number)[at - int(cuts[number]) :][: len(out) - done]
            out[done : done + len(pictures)] = pictures
            done += len(pictures)
            at += len(pictures)
