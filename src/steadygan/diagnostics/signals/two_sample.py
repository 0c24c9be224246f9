"""The 1-nearest-neighbour two-sample test: can samples be told from real ones at all (Lopez-Paz & Oquab 2017)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steadygan.diagnostics.signals.host import Samples, two_sets
from steadygan.diagnostics.signals.near_duplicates import nearest_others
from steadygan.metrics.arrays import Rows


def neighbour_accuracy(fake: Samples, real: Samples, *, limit: int = 300) -> float:
    """Leave-one-out accuracy of the 1-NN classifier of real against generated samples (Lopez-Paz & Oquab 2017).

    0.5 for samples of the data's own distribution, 1 for samples that anyone can tell; below 0.5 where samples are
    copies of the real ones. In the samples' own units, or in features. As many of both sides are taken, ``limit`` at
    most.

    Raises:
        UsageError: samples of two widths, fewer than 2 on a side, NaN.
    """
    fakes, reals = two_sets(fake, real, limit=limit)
    return accuracy_of(nearest_others(fakes), nearest_others(reals), distances(fakes, reals))


def distances(fakes: Rows, reals: Rows) -> Rows:
    """Euclidean distances [N, M] of rows [N, D] to rows [M, D]."""
    import torch

    found: Rows = torch.cdist(torch.from_numpy(fakes), torch.from_numpy(reals)).numpy()
    return found


def accuracy_of(fake: NDArray[np.float64], real: NDArray[np.float64], between: Rows) -> float:
    """``neighbour_accuracy`` of distances to the nearest other one of a side, [N] and [M], and of those between [N, M].

    Where a neighbour of either side is as near, half counts.
    """
    found = [_own(fake, between.min(axis=1)), _own(real, between.min(axis=0))]
    return float(np.mean(found))


def _own(within: NDArray[np.float64], across: NDArray[np.float64]) -> float:
    return float(((within < across) + 0.5 * (within == across)).mean())
