"""What the trainer gets: samples that are stored, or drawn afresh, and a held-out part."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from steadygan.data.rows import row_reader

if TYPE_CHECKING:
    from steadygan.data.alphabet import Alphabet
    from steadygan.data.auditing import Audit
    from steadygan.types import SampleSpec

Samples: TypeAlias = NDArray[Any]
"""uint8 images [M, C, H, W], float32 points [M, D], or ids of characters [M, L], uint8 or int16"""
Labels: TypeAlias = NDArray[np.int64]
"""[M]"""


@dataclass(frozen=True, eq=False)
class Stored:
    """M samples, in memory or in a read-only memory map."""

    samples: Samples
    """[M, ...]"""
    labels: Labels | None = None
    """[M], 0 to classes - 1"""

    def __len__(self) -> int:
        return len(self.samples)

    def rows(self, indices: NDArray[np.int64]) -> tuple[Samples, Labels | None]:
        """Some samples [N, ...] and their labels. Raises RunError, one line, where a map cannot be read any more."""
        return self._read(indices), None if self.labels is None else self.labels[indices]

    @cached_property
    def _read(self) -> Callable[[NDArray[np.int64]], Samples]:
        return row_reader(self.samples)


@dataclass(frozen=True, eq=False)
class Fresh:
    """Synthetic samples without end."""

    draw: Callable[[np.random.Generator, int], tuple[Samples, Labels | None]]
    """(generator, count) -> count new samples, and their labels where the data has some"""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Data that is ready to train on."""

    name: str
    sample: SampleSpec
    train: Stored | Fresh
    held_out: Stored
    """never trained on"""
    fingerprint: str
    """hash of the content, of the shape it was brought to, and of the split; not of where it lies"""
    class_names: tuple[str, ...] = ()
    audit: Audit | None = None
    alphabet: Alphabet | None = None
    """of text: what the ids stand for"""
