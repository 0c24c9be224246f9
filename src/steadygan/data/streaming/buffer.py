"""A bounded buffer of encoded pictures, filled one group at a time."""

from __future__ import annotations

from collections import OrderedDict

from steadygan.data.streaming.shards import Encoded, Shards


class Buffer:
    """Encoded pictures of the groups in use; a group is read when the first of its pictures is asked for."""

    def __init__(self, shards: Shards, most: int) -> None:
        """
        Args:
            shards: the groups that are read
            most: pictures in the buffer at once; a larger group is held alone
        """
        self.reads = 0
        """groups read so far, each as often as it was"""
        self.count = 0
        """pictures in the buffer"""
        self._shards, self._most = shards, most
        self._groups: OrderedDict[int, dict[int, Encoded]] = OrderedDict()

    def take(self, group: int, row: int) -> Encoded:
        """Removes and returns a picture; one that was taken before has its group read again."""
        if row not in self._groups.get(group, ()):
            self._drop(group)
            self._groups[group] = dict(enumerate(self.read(group)))
            self.count += len(self._groups[group])
        self._groups.move_to_end(group)
        while self.count > self._most and len(self._groups) > 1:  # the least recently used one
            self._drop(next(iter(self._groups)))
        encoded = self._groups[group].pop(row)
        self.count -= 1
        if not self._groups[group]:
            del self._groups[group]
        return encoded

    def read(self, group: int) -> list[Encoded]:
        """All pictures of a group, past the buffer."""
        self.reads += 1
        return self._shards.read(group)

    def clear(self) -> None:
        """Empties the buffer."""
        self._groups.clear()
        self.count = 0

    def _drop(self, group: int) -> None:
        self.count -= len(self._groups.pop(group, ()))
