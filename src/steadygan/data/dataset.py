"""Data sets: training data, held-out samples and their audit; stored and endless data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, NoReturn, TypeAlias

import numpy as np
from numpy.typing import NDArray

from steadygan.data.memory_map import row_reader
from steadygan.data.order import sample_indices
from steadygan.data.types import ENDLESS_PART, Labels, Samples, TrainData

if TYPE_CHECKING:
    from steadygan.data.audit.audit import Audit
    from steadygan.data.text.alphabet import Alphabet
    from steadygan.data.units import Units
    from steadygan.types import SampleSpec

__all__ = ["Dataset", "Endless", "Labels", "Samples", "Stored", "Train"]

Train: TypeAlias = TrainData


@dataclass(frozen=True, eq=False)
class Stored:
    """Training data of M samples in memory or in a read-only memory map."""

    samples: Samples
    """[M, ...]"""
    labels: Labels | None = None
    """[M], 0 to classes - 1"""

    endless: ClassVar[bool] = False
    replaced: ClassVar[int] = 0

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def resident(self) -> Samples:
        """The samples [M, ...]."""
        return self.samples

    def indices(self, seed: int, start: int, count: int, unit: int) -> NDArray[np.int64]:
        """Indices [count] of the step at position ``start``; see ``sample_indices``. ``unit`` is not used."""
        return sample_indices(seed, start, count, len(self))

    def rows(self, indices: NDArray[np.int64]) -> tuple[Samples, Labels | None]:
        """Samples [N, ...] and their labels. Raises RunError, one line, if a memory map cannot be read any more."""
        return self._read(indices), None if self.labels is None else self.labels[indices]

    @cached_property
    def _read(self) -> Callable[[NDArray[np.int64]], Samples]:
        return row_reader(self.samples)

    def draw(self, rng: np.random.Generator, count: int) -> NoReturn:
        """Raises TypeError."""
        raise TypeError("stored samples are read by index, not drawn")

    @property
    def part(self) -> int:
        """All samples."""
        return len(self)

    def some(self) -> tuple[Samples, Labels | None]:
        """All samples and labels."""
        return self.samples, self.labels

    def notes(self) -> tuple[str, ...]:
        """Empty."""
        return ()

    def close(self) -> None:
        """Nothing to end."""


@dataclass(frozen=True, eq=False)
class Endless:
    """Training data that is generated: each sample is new."""

    draw: Callable[[np.random.Generator, int], tuple[Samples, Labels | None]]
    """(generator, count) -> new samples [count, ...], and their labels where the data has some"""

    endless: ClassVar[bool] = True
    resident: ClassVar[None] = None
    labels: ClassVar[None] = None
    part: ClassVar[int] = ENDLESS_PART
    replaced: ClassVar[int] = 0

    def __len__(self) -> NoReturn:
        raise TypeError("endless data has no length")

    def __bool__(self) -> bool:
        return True

    def indices(self, seed: int, start: int, count: int, unit: int) -> NoReturn:
        """Raises TypeError."""
        raise TypeError("endless samples are drawn, not read by index")

    def rows(self, indices: NDArray[np.int64]) -> NoReturn:
        """Raises TypeError."""
        raise TypeError("endless samples are drawn, not read by index")

    def some(self) -> tuple[Samples, Labels | None]:
        """20,000 samples from a fixed seed."""
        return self.draw(np.random.default_rng(0), self.part)

    def notes(self) -> tuple[str, ...]:
        """Empty."""
        return ()

    def close(self) -> None:
        """Nothing to end."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Data that is ready to train on."""

    name: str
    sample: SampleSpec
    train: TrainData
    held_out: Stored
    """never trained on"""
    fingerprint: str
    """hash of the content, the shape and the split; not of the location"""
    class_names: tuple[str, ...] = ()
    audit: Audit | None = None
    alphabet: Alphabet | None = None
    """of text: characters by id"""
    units: Units | None = None
    """of numbers that were scaled: the way back"""
