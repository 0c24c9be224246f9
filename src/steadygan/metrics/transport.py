"""The exact Wasserstein-1 distance between two sets of points."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from steadygan.checks import whole_number
from steadygan.metrics.arrays import AnyRows, feature_rows, same_width, stored_rows


def wasserstein1(a: ArrayLike, b: ArrayLike, *, limit: int = 2_000, seed: int = 0) -> float:
    """The mean Euclidean distance under the cheapest one-to-one assignment of points [N, D] to points [M, D].

    Exact for equally many points, at most ``limit``. Otherwise random subsets of both, as large as the smaller set
    and at most ``limit``, are drawn by the seed and matched.

    Two sets of one distribution are not at 0: what counts is how far W1 is above the distance of two real sets of
    the same size, ``wasserstein1(real, other_real)``. It takes time with the cube of the number of points,
    about a second for 2,000.

    Raises:
        UsageError: not [N, D] and [M, D], no points, NaN or infinite values.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    first, second = stored_rows(a, "points", 1), stored_rows(b, "points", 1)
    same_width(first, second)
    whole_number("limit", limit, note="points that are matched")
    count = min(len(first), len(second), limit)
    rng = np.random.default_rng(seed)
    subsets = [feature_rows(_random_subset(points, count, rng), "points", 1) for points in (first, second)]
    costs = cdist(*subsets)
    for points, distances in zip(subsets, (costs[0], costs[:, 0]), strict=True):
        if (points == points[0]).all():  # a collapse: all assignments cost the same, and are slow to find
            return float(distances.mean())
    return float(costs[linear_sum_assignment(costs)].mean())


def _random_subset(points: AnyRows, count: int, rng: np.random.Generator) -> AnyRows:
    return points if len(points) == count else points[np.sort(rng.permutation(len(points))[:count])]
