"""Memorisation: distances of generated samples to training images, compared with those of held-out images.

Rows are pixels or features, from a space where distance means dissimilarity. Held-out images are what a generator that
has learnt the distribution, and not the images, would give. A sample can also be near to a training image because it is
blurred or plain: means lie near to everything. So look at the picture of nearest neighbours too, and read a high
share together with precision and coverage.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steadygan.checks import whole_number, within
from steadygan.metrics.arrays import AnyRows, row_slices, same_width, stored_rows
from steadygan.metrics.estimates import Estimate, mean
from steadygan.metrics.manifold import nearest

Distances = NDArray[np.float64]

_SPARE = 4
"""additional candidates: the search rounds, and only exact distances tell a copy from a near duplicate"""


class Memorisation(NamedTuple):
    """Distances of fakes to the training set, compared with those of held-out images."""

    nearer: Estimate
    """chance that a fake is nearer to its nearest training image than a held-out image is; 0.5 is expected"""
    near_share: Estimate
    """share of fakes as near as the nearest few held-out images"""
    near_expected: float
    """that share among the held-out images themselves: ``level``, or more where distances tie"""
    exact: Estimate
    """share of fakes that equal a training image"""
    held_out_error: float
    """standard error of ``nearer`` by the draw of held-out images; add in squares to compare with 0.5"""
    level: float


def memorisation(train: ArrayLike, held_out: ArrayLike, fake: ArrayLike, *, level: float = 0.05) -> Memorisation:
    """Distances of fakes [M, D] to training rows [N, D], compared with those of held-out rows [H, D].

    Arrays of any real dtype, memory-mapped or not, are read in blocks; memory stays near 100 MB. Cost: N (M + H)
    distances; keep ``nearest_training(train, held_out, 1)`` and call ``compare_distances`` to evaluate often.

    Raises:
        UsageError: different widths, fewer than 2 held-out or fake rows, NaN, a level outside (0, 1).
    """
    _, to_held_out = nearest_training(train, stored_rows(held_out, "held-out rows", 2), 1)
    _, to_fake = nearest_training(train, stored_rows(fake, "fake rows", 2), 1)
    return compare_distances(to_held_out[:, 0], to_fake[:, 0], level=level)


def nearest_training(train: ArrayLike, queries: ArrayLike, count: int) -> tuple[NDArray[np.intp], Distances]:
    """Indices and Euclidean distances [M, count] of the training rows [N, D] nearest to each query [M, D], ascending.

    A distance is 0 for an exact copy and only for that.

    Raises:
        UsageError: different widths, fewer than ``count`` training rows, NaN.
    """
    whole_number("count", count, note="nearest training rows")
    train_rows, query_rows = stored_rows(train, "training rows", count), stored_rows(queries, "rows to look up", 1)
    same_width(train_rows, query_rows)
    _, indices = nearest(train_rows, query_rows, min(count + _SPARE, len(train_rows)))
    distances = np.stack([_exact_distances(train_rows, query_rows, column) for column in indices.T], axis=1)
    order = np.argsort(distances, axis=1, kind="stable")[:, :count]
    return np.take_along_axis(indices, order, axis=1), np.take_along_axis(distances, order, axis=1)


def compare_distances(held_out: ArrayLike, fake: ArrayLike, *, level: float = 0.05) -> Memorisation:
    """``memorisation`` from distances to the nearest training row, of held-out rows [H] and of fakes [M].

    ``nearer`` is P(fake < held out) + P(equal) / 2, the Mann-Whitney statistic U / (M H); its two errors are those of
    DeLong et al. (1988), of the fakes and of the held-out rows.

    Raises:
        UsageError: fewer than 2 distances on a side, NaN, a level outside (0, 1).
    """
    within("level", level, 0, 1, open_low=True, open_high=True)
    held_out, fake = _sorted(held_out, "held-out distances"), _sorted(fake, "fake distances")
    fake_above = 1 - _below(held_out, fake)  # per fake: share of held-out distances above its own
    held_below = _below(fake, held_out)  # per held-out row: share of fakes' distances below its own
    limit = float(np.quantile(held_out, level, method="inverted_cdf"))
    return Memorisation(
        nearer=mean(fake_above),
        near_share=mean(fake <= limit),
        near_expected=float((held_out <= limit).mean()),
        exact=mean(fake == 0),
        held_out_error=float(held_below.std(ddof=1) / math.sqrt(len(held_out))),
        level=level,
    )


def _below(others: Distances, values: Distances) -> Distances:
    """For each value, the share of sorted others below it; ties count half."""
    return (np.searchsorted(others, values, "left") + np.searchsorted(others, values, "right")) / (2 * len(others))


def _sorted(distances: ArrayLike, name: str) -> Distances:
    return np.sort(stored_rows(np.asarray(distances)[..., None], name, 2)[:, 0].astype(np.float64))


def _exact_distances(train: AnyRows, queries: AnyRows, indices: NDArray[np.intp]) -> Distances:
    distances = np.empty(len(queries))
    for part in row_slices(queries):
        difference = queries[part].astype(np.float64) - train[indices[part]]
        distances[part] = np.sqrt(np.square(difference).sum(axis=1))
    return distances
