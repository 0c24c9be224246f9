"""Windowed shuffling of a stream: an order that reads few groups at a time.

It is a pure function of the seed and of the position in the run, and needs only the sizes of the groups.
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
    """Shuffled order of the pictures in groups, window by window in several lanes.

    In each epoch the groups are concatenated in a random order, and the sequence is cut into L equal *lanes*. Each lane
    is traversed in *windows* of whole groups, at most ``window`` / L pictures; the pictures of a window are shuffled.
    A step of N pictures takes its first N / L from lane 0, the next from lane 1, and so on. So:

    - A picture is seen at most once in an epoch; fewer than L are left out, different ones in each epoch.
    - A batch comes from L distant positions in the data, new ones in each epoch, however the files are sorted.
    - It is less random than a permutation of all pictures: two pictures of one group are always seen near each other,
      within two windows of their lane. If each group has one class, N / L pictures of a batch come from the few
      classes of a window.
    - Rank r of k processes sees the rows r N / k to (r + 1) N / k of each step. It reads only the groups of its own
      lanes if k divides L. The order does not depend on k.
    - From the first use of a group to its last, the lane uses the groups of one window only, so the buffer needs at
      most ``window`` pictures over all lanes.
    """

    sizes: NDArray[np.int64]
    """[G]: pictures of each group, all above 0"""
    window: int
    """pictures of a shuffle window, over all lanes; at least those of the largest group"""

    @cached_property
    def starts(self) -> NDArray[np.int64]:
        """[G + 1]: index of each group's first picture, and the number of all pictures."""
        return np.concatenate([[0], np.cumsum(self.sizes)])

    def lanes(self, unit: int) -> int:
        """Number of lanes: the largest that divides ``unit`` and fits two of the largest groups into each window; or 1.

        Args:
            unit: divides the number of pictures of every step
        """
        most = min(_MOST_LANES, len(self.sizes) // _GROUPS_A_WINDOW, self.window // (_GROUPS_A_WINDOW * self.largest))
        return max((lanes for lanes in range(1, most + 1) if unit % lanes == 0), default=1)

    @cached_property
    def largest(self) -> int:
        """Pictures of the largest group."""
        return int(self.sizes.max())

    def indices(self, seed: int, start: int, count: int, unit: int) -> NDArray[np.int64]:
        """Indices [count] of the step at position ``start`` of a run, both divisible by ``unit``."""
        if unit < 1 or count < 0 or start < 0 or count % unit or start % unit:
            raise ValueError(f"cannot order a step of {count} from {start} in units of {unit}")
        lanes = self.lanes(unit)
        begin, end = start // lanes, (start + count) // lanes
        length = int(self.starts[-1]) // lanes
        order = np.empty((lanes, end - begin), dtype=np.int64)
        at = begin
        while at < end:
            number, offset = divmod(at, length)
            epoch = _epoch(self, seed, number, lanes)
            here = min(end - at, length - offset)
            for lane in range(lanes):
                epoch.fill(order[lane, at - begin : at - begin + here], lane, offset)
            at += here
        return order.reshape(-1)


@lru_cache(maxsize=3)  # a step can straddle two epochs, and a prefetching thread may be in another one
def _epoch(order: LaneOrder, seed: int, number: int, lanes: int) -> _Epoch:
    return _Epoch(order, seed, number, lanes)


class _Epoch:
    """The order of one epoch."""

    def __init__(self, order: LaneOrder, seed: int, number: int, lanes: int) -> None:
        self.order, self.seed, self.number = order, seed, number
        self.groups = permutation(len(order.sizes), seed, number, _GROUPS)
        self.ends = np.cumsum(order.sizes[self.groups])
        """[G]: where each of these groups ends in the sequence"""
        length = int(self.ends[-1]) // lanes
        self.lanes = [lane * length for lane in range(lanes)]
        self.cuts = [self._cuts(lane, length, max(1, order.window // lanes), lanes) for lane in range(lanes)]
        self.window = lru_cache(maxsize=2 * lanes)(self._window)

    def _cuts(self, lane: int, length: int, window: int, lanes: int) -> NDArray[np.int64]:
        """Where the windows of a lane start in the sequence, and where the last one ends.

        The first window is shorter, by another fraction in each lane, so that lanes do not all start to read a window
        at the same step.
        """
        start, end = lane * length, (lane + 1) * length
        cuts, most = [start], max(1, window * (lane + 1) // lanes)
        while cuts[-1] < end:
            near = int(np.searchsorted(self.ends, cuts[-1] + most, side="right")) - 1
            cut = int(self.ends[near]) if near >= 0 else 0
            if cut <= cuts[-1]:  # not even one group fits
                cut = int(self.ends[near + 1])
            cuts.append(min(cut, end))
            most = window
        return np.array(cuts)

    def _window(self, lane: int, number: int) -> NDArray[np.int64]:
        """The pictures of one window of a lane, shuffled."""
        start, end = self.cuts[lane][number : number + 2].tolist()
        first, last = np.searchsorted(self.ends, [start, end - 1], side="right").tolist()
        pieces = []
        for rank in range(first, last + 1):
            group = int(self.groups[rank])
            size = int(self.order.sizes[group])
            before = int(self.ends[rank]) - size
            own = np.arange(max(start - before, 0), min(end - before, size))
            pieces.append(int(self.order.starts[group]) + own)
        pictures = np.concatenate(pieces)
        which = (lane << 32) + number
        return pictures[permutation(len(pictures), self.seed, self.number, _WINDOWS, which)]

    def fill(self, out: NDArray[np.int64], lane: int, offset: int) -> None:
        """Writes the pictures of a lane from an offset on."""
        done, cuts = 0, self.cuts[lane]
        at = self.lanes[lane] + offset
        while done < len(out):
            number = int(np.searchsorted(cuts, at, side="right")) - 1
            pictures = self.window(lane, number)[at - int(cuts[number]) :][: len(out) - done]
            out[done : done + len(pictures)] = pictures
            done += len(pictures)
            at += len(pictures)
