"""Fields of a look that are of the data: copies, blank samples, constant numbers; measured at the first look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from steadygan.diagnostics.signals.host import ratio, stored_rows
from steadygan.diagnostics.signals.movement import DEVIATION_ROWS, data_deviation

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from steadygan.diagnostics.real_side import RealSide
    from steadygan.metrics.arrays import AnyRows

_MOST_SAMPLES, _MOST_BYTES = 10_000, 32 << 20


def of_data(real: RealSide) -> dict[str, float]:
    """Faults of the first training samples, up to 10,000 or 32 MiB of them, and the spread of held-out ones."""
    subject = real.subject
    stored = subject.stored
    rows = real.reference if stored is None else stored_rows(stored[: _count(stored)], "training samples")
    rows = np.ascontiguousarray(rows)
    found = {"data_constant": float((rows == rows[:1]).all(axis=0).mean())}
    if stored is not None or not subject.drawn:
        found["data_duplicates"] = duplicate_share(rows)
    if rows.shape[1] > 2:
        found["data_blank"] = float((rows == rows[:, :1]).all(axis=1).mean())
    if real.unseen:
        found["data_spread_ratio"] = ratio(real.whole_deviation, data_deviation(real.reference))
        error = spread_error(real.rows, real.reference)
        if error > 0 and 0 < found["data_spread_ratio"] < math.inf:
            found["data_spread_errors"] = abs(math.log(found["data_spread_ratio"])) / error
    return found


def spread_error(*sides: AnyRows) -> float:
    """Standard error of the logarithm of a ratio of two ``data_deviation``, each of rows [N, D].

    By the spread of squared distances from the mean, the larger of both sides: few samples may lack the data's tails.
    """
    counts, spreads = [], []
    for rows in sides:
        some = rows[:DEVIATION_ROWS].astype(np.float64)
        squares = np.square(some - some.mean(axis=0)).sum(axis=1)
        counts.append(len(squares))
        spreads.append(float(squares.std(ddof=1)) / float(squares.mean()) if squares.any() else 0.0)
    return 0.5 * max(spreads) * math.sqrt(sum(1 / count for count in counts))


def duplicate_share(rows: AnyRows) -> float:
    """Share of rows [N, D] that another one equals, number by number."""
    whole = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).ravel()
    _, counts = np.unique(whole, return_counts=True)
    return float(counts[counts > 1].sum()) / len(rows)


def _count(stored: NDArray[Any]) -> int:
    each = max(1, stored[:1].nbytes)
    return min(len(stored), _MOST_SAMPLES, max(2, _MOST_BYTES // each))
