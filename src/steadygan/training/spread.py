"""The spread of samples: how much they vary, as the data does or less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from steadygan.data import Dataset

_LEAST = 8
"""samples; of fewer the spread says nothing"""
_MOST = 256
"""held-out samples that stand for the data"""


def spread(samples: Any) -> float | None:
    """Root mean square distance of a value from its mean over the samples, in the samples' units.

    samples: numbers [N, ...], uint8 or float. None for fewer than 8 samples, and without a finite value.
    """
    if len(samples) < _LEAST:
        return None
    values = np.asarray(samples).reshape(len(samples), -1).astype(np.float32)
    found = float(np.sqrt(values.var(axis=0, ddof=1, dtype=np.float64).mean()))
    return found if np.isfinite(found) else None


def data_spread(dataset: Dataset) -> float | None:
    """The spread of held-out samples, taken evenly from all; None for text, and if there are too few."""
    if dataset.sample.is_text:
        return None
    count = min(len(dataset.held_out), _MOST)
    rows = np.arange(count) * len(dataset.held_out) // max(1, count)
    return spread(dataset.held_out.rows(rows)[0]) if count else None
