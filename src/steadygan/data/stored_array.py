"""Arrays to read, wherever they are: in a file, in files of one sample each, or in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

_PIECE = 2**24  # bytes of a piece


class StoredArray(Protocol):
    """An array [M, ...] of which shape and number type are known before it is read."""

    @property
    def title(self) -> str:
        """What messages call it."""
        ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def pieces(self) -> Iterator[NDArray[Any]]:
        """Iterates over the array in pieces of some rows, from the first at each call."""
        ...

    def load(self) -> NDArray[Any]:
        """The whole array."""
        ...


@dataclass(frozen=True, eq=False)
class MemoryArray:
    """An array that is in memory; nothing is copied."""

    title: str
    array: NDArray[Any]
    """[M, ...]"""

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.array.dtype

    def pieces(self) -> Iterator[NDArray[Any]]:
        """Views of some rows each."""
        rows = max(1, _PIECE * len(self.array) // max(1, self.array.nbytes)) if len(self.array) else 1
        for start in range(0, len(self.array), rows):
            yield self.array[start : start + rows]

    def load(self) -> NDArray[Any]:
        """The array itself."""
        return self.array
