"""Shards: files of encoded pictures in groups that are read one at a time; all that a stream asks of a file format.

Another format (WebDataset's tar files, say) is one module with a ``ShardSource``, and a line in ``sources/find.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol, Self

import numpy as np

from steadygan.data.images.pictures import Pictures, printable

ENCODED_BYTES = 128
"""of memory for an encoded picture, besides its bytes"""


class Encoded(NamedTuple):
    """One picture as stored in a file, not decoded."""

    picture: bytes
    label: int
    """0 if there are none"""


class Group(NamedTuple):
    """Pictures of one file that are read together, known before they are read."""

    file: Path
    number: int
    """in its file"""
    size: int
    """pictures, at least 1"""
    nbytes: int
    """of its pictures, encoded"""
    kind: str
    """what the format calls it, such as 'row group'"""

    def __str__(self) -> str:
        return f"{self.kind} {self.number} of '{printable(self.file.name)}'"


class Shards(Protocol):
    """The groups of one split."""

    @property
    def groups(self) -> Sequence[Group]:
        """Groups in the order of files, and in that of each file."""
        ...

    @property
    def labelled(self) -> bool:
        """True if pictures have labels."""
        ...

    def read(self, number: int) -> list[Encoded]:
        """The pictures of group ``number``. Raises DataError, one line; also if a file has changed."""
        ...

    def select(self, numbers: Sequence[int]) -> Self:
        """Only these of the groups."""
        ...

    def without_labels(self) -> Self:
        """The same groups; labels are not read."""
        ...


class ShardSplits(NamedTuple):
    """What the files say without any picture being read."""

    train: Shards
    test: Shards
    """no groups if there is no such split"""
    class_names: tuple[str, ...]
    notes: tuple[str, ...]
    """sentences for the audit"""


@dataclass(frozen=True, eq=False)
class ShardSource:
    """Files that can be streamed."""

    name: str
    format: str
    """such as 'parquet'"""
    group: str
    """what the format calls a group, such as 'row group'"""
    smaller: str
    """how files with smaller groups are written, in a few words"""
    test_name: str
    """what the source calls its test split"""
    open: Callable[[bool], ShardSplits]
    """use labels? -> both splits"""


def picture_count(shards: Shards) -> int:
    """Pictures of all groups."""
    return sum(group.size for group in shards.groups)


def encoded_bytes(shards: Shards) -> int:
    """Bytes of all encoded pictures."""
    return sum(group.nbytes for group in shards.groups)


def pictures_of(shards: Shards) -> Pictures:
    """All pictures in the order of the groups; their labels are read at once."""

    def read() -> Iterator[bytes]:
        for number in range(len(shards.groups)):
            yield from (encoded.picture for encoded in shards.read(number))

    count = picture_count(shards)
    starts = np.cumsum([0, *(group.size for group in shards.groups)])

    def name_of(index: int) -> str:
        number = int(np.searchsorted(starts, index, side="right")) - 1
        return f"{shards.groups[number]}, row {index - starts[number]}"

    labels = None
    if shards.labelled:
        numbers = range(len(shards.groups))
        labels = np.array([encoded.label for number in numbers for encoded in shards.read(number)], np.int64)
    return Pictures(count, read, name_of, labels)
