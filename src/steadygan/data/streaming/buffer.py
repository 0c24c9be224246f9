"""The encoded pictures of row groups that are in use: each is given away once, and no more than a number are held."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steadygan.data.parquet.row_groups import Row, RowGroups


class Held:
    """Pictures of row groups, read when the first of a group is asked for."""

    def __init__(self, groups: RowGroups, most: int) -> None:
        """
        Args:
            groups: where they lie
            most: pictures that are held at once; a group that is larger is held alone
        """
        self.reads = 0
        """row groups that were read, each as often as it was"""
        self.count = 0
        """pictures that are held now"""
        self._groups, self._most = groups, most
        self._rows: OrderedDict[int, dict[int, Row]] = OrderedDict()

    def taken(self, group: int, row: int) -> Row:
        """A picture of a row group; it is not held any longer. One that was taken before is read again."""
        if row not in self._rows.get(group, ()):
            self._forget(group)
            self._rows[group] = dict(enumerate(self.whole(group)))
            self.count += len(self._rows[group])
        self._rows.move_to_end(group)
        while self.count > self._most and len(self._rows) > 1:  # rows that no one came back for
            self._forget(next(iter(self._rows)))
        found = self._rows[group].pop(row)
        self.count -= 1
        if not self._rows[group]:
            del self._rows[group]
        return found

    def whole(self, group: int) -> list[Row]:
        """All pictures of a row group, read anew and not held."""
        self.reads += 1
        return self._groups.read(group)

    def clear(self) -> None:
        """Holds nothing any more."""
        self._rows.clear()
        self.count = 0

    def _forget(self, group: int) -> None:
        self.count -= len(self._rows.pop(group, ()))
