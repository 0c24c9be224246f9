"""What the trainer gets: samples that are stored, streamed or drawn afresh, and a held-out part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from steadygan.data.memory_map import row_reader
from steadygan.data.order import sample_indices

if TYPE_CHECKING:
    from steadygan.data.audit.audit import Audit
    from steadygan.data.parquet.stream import Streamed
    from steadygan.data.text.alphabet import Alphabet
    from steadygan.types import SampleSpec

Samples: TypeAlias = NDArray[Any]
"""uint8 images [M, C, H, W], float32 points [M, D], or ids of characters [M, L], uint8 or int16"""
Labels: TypeAlias = NDArray[np.int64]
"""[M]"""
Train: TypeAlias = "Stored | Streamed | Endless"
"""what is trained on: samples that lie in an array, in files, or nowhere"""


@dataclass(frozen=True, eq=False)
class Stored:
    """M samples, in memory or in a read-only memory map."""

    samples: Samples
    """[M, ...]"""
    labels: Labels | None = None
    """[M], 0 to classes - 1"""

    def __len__(self) -> int:
        return len(self.samples)

    def indices(self, seed: int, start: int, count: int, unit: int) -> NDArray[np.int64]:
        """The samples [count] of the step that begins at position ``start`` of a run; see ``sample_indices``.

        ``unit``, a divisor of the size of each step, says nothing here.
        """
        return sample_indices(seed, start, count, len(self))

    def rows(self, indices: NDArray[np.int64]) -> tuple[Samples, Labels | None]:
        """Some samples [N, ...] and their labels. Raises RunError, one line, where a map cannot be read any more."""
        return self._read(indices), None if self.labels is None else self.labels[indices]

    @cached_property
    def _read(self) -> Callable[[NDArray[np.int64]], Samples]:
        return row_reader(self.samples)


@dataclass(frozen=True, eq=False)
class Endless:
    """Synthetic samples without end."""

    draw: Callable[[np.random.Generator, int], tuple[Samples, Labels | None]]
    """(generator, count) -> count new samples, and their labels where the data has some"""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Data that is ready to train on."""

    name: str
    sample: SampleSpec
    train: Train
    held_out: Stored
    """never trained on"""
    fingerprint: str
    """hash of the content, of the shape it was brought to, and of the split; not of where it lies"""
    class_names: tuple[str, ...] = ()
    audit: Audit | None = None
    alphabet: Alphabet | None = None
    """of text: what the ids stand for"""
