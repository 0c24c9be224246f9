"""The training data protocol: what a trainer may ask of samples that are stored, streamed or generated."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[Any]
"""uint8 images [M, C, H, W], ids of characters [M, L], uint8 or int16, or float32: points [M, D], signals [M, C, T],
volumes [M, C, D, H, W], and images of more than 4 bands [M, B, H, W]"""
Labels: TypeAlias = NDArray[np.int64]
"""class numbers [M]"""

ENDLESS_PART = 20_000
"""samples that stand for endless data where a fixed set is needed"""


class TrainData(Protocol):
    """Samples to train on, wherever they come from.

    Finite data has a length, and a step's samples are rows of it: ``rows(indices(...))``. Endless data is drawn.
    """

    @property
    def endless(self) -> bool:
        """True if samples are generated: there is no length and no rows, only ``draw``."""
        ...

    def __len__(self) -> int:
        """Samples; TypeError if endless."""
        ...

    @property
    def resident(self) -> Samples | None:
        """The array or memory map [M, ...] of all samples, which may be copied to a device; None if there is none."""
        ...

    @property
    def labels(self) -> Labels | None:
        """Labels [M] of the resident array."""
        ...

    def indices(self, seed: int, start: int, count: int, unit: int) -> NDArray[np.int64]:
        """Indices [count] of the samples of one step, a function of the arguments alone.

        Args:
            seed: of the run
            start: samples that the run has taken before the step
            count: samples of the step
            unit: divides the size of every step of the run; streams split a step by it
        """
        ...

    def rows(self, indices: NDArray[np.int64], /) -> tuple[Samples, Labels | None]:
        """Samples [N, ...] and their labels [N]. Raises RunError, one line, if they cannot be read any more."""
        ...

    def draw(self, rng: np.random.Generator, count: int, /) -> tuple[Samples, Labels | None]:
        """New samples [count, ...] of endless data and their labels; TypeError if finite."""
        ...

    @property
    def part(self) -> int:
        """Samples in ``some()``, at most."""
        ...

    def some(self) -> tuple[Samples, Labels | None]:
        """A fixed subset that stands for the whole, the same at each call: for metrics and feature extractors."""
        ...

    @property
    def replaced(self) -> int:
        """Samples so far that could not be decoded and were replaced by others, in this process."""
        ...

    def notes(self) -> tuple[str, ...]:
        """Sentences for the user at the end of a session."""
        ...

    def close(self) -> None:
        """Ends threads and processes; data can still be read afterwards."""
        ...
