"""The spread of samples: how much they vary, as the data does or less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from steadygan.data import Dataset

_LEAST = 8
"""samples; of fewer the spread says nothing"""
_MOST, _VALUES = 256, 4096
"""held-out samples that stand for the data; values of a sample that are looked at"""


def spread(samples: Any) -> float | None:
    """Root mean square distance of a value from its mean over the samples, in the samples' units.

    samples: numbers [N, ...], uint8 or float; of many values every so many are taken. None for fewer than 8 samples,
    and without a finite value.
    """
    if len(samples) < _LEAST:
        return None
    found = float(np.sqrt(some_values(samples).astype(np.float64).var(axis=0, ddof=1).mean()))
    return found if np.isfinite(found) else None


def some_values(samples: Any) -> NDArray[Any]:
    """At most 4,096 values of each sample [N, ...], evenly taken, as [N, V]."""
    flat = np.asarray(samples).reshape(len(samples), -1)
    return flat[:, :: max(1, -(-flat.shape[1] // _VALUES))]


def data_spread(dataset: Dataset) -> float | None:
    """The spread of held-out samples, taken evenly from all; None for text, and if there are too few."""
    if dataset.sample.is_text:
        return None
    count = min(len(dataset.held_out), _MOST)
    rows = np.arange(count) * len(dataset.held_out) // max(1, count)
    return spread(dataset.held_out.rows(rows)[0]) if count else None
