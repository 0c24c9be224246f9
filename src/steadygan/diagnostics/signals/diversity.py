"""Diversity of samples: mean pairwise distance, and effective number of directions of variance (effective rank).

Both fall to 0 under full mode collapse. A run that becomes healthy has low diversity early too, .13 to .6 of the
data's at a quarter of its rounds [measured small-scale]: judge the level together with the trend.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from steadygan.diagnostics.signals.host import Samples, host_rows, ratio, two_sets
from steadygan.metrics.arrays import Rows


class Diversity(NamedTuple):
    """Diversity of generated samples, and its ratio to that of as many real ones."""

    distance: float
    """mean Euclidean distance of two generated samples, in the samples' units"""
    distance_ratio: float
    """over that of real samples: 1 is right; .81 to .91 in healthy short runs, below .05 collapsed"""
    effective_rank: float
    """exp of the entropy of the covariance's eigenvalue shares, 0 (no variance) to the number of dimensions"""
    effective_rank_ratio: float
    """over that of real samples: 1 is right"""


def diversity(fake: Samples, real: Samples, *, limit: int = 300) -> Diversity:
    """Mean pairwise distance and effective rank of samples [N, ...], and their ratios to real samples [M, ...].

    In pixels, or in features of both. As many of both sides are taken, ``limit`` at most, because the rank of few
    samples is low; the same ones in each call. ``distance`` is unbiased: distinct pairs alone count. Effective rank
    knows no scale, so rounding noise around a single point can have a high one: read it with ``distance``.

    Values known [measured small-scale]: healthy .81-.91 (distance ratio, at the end), .34-.39 (rank ratio, digits after
    18 s); collapsed 1e-8 to .05. A share q of copies of one sample lowers the distance by about 1 - q².

    Raises:
        UsageError: samples of two widths, fewer than 2 on a side, NaN.
    """
    fakes, reals = two_sets(fake, real, limit=limit)
    distance, rank = _mean_distance(fakes), _effective_rank(fakes)
    return Diversity(distance, ratio(distance, _mean_distance(reals)), rank, ratio(rank, _effective_rank(reals)))


def mean_pairwise_distance(samples: Samples, *, limit: int = 300) -> float:
    """Mean Euclidean distance over the N (N - 1) / 2 distinct pairs of samples [N, ...], in their units.

    Raises:
        UsageError: fewer than 2 samples, NaN.
    """
    return _mean_distance(host_rows(samples, "samples", limit=limit))


def effective_rank(samples: Samples, *, limit: int = 300) -> float:
    """exp(-sum p log p) of the eigenvalue shares p of the covariance of samples [N, ...] (Roy & Vetterli 2007).

    K for equal variance along K directions, 0 without variance; at most N - 1. (The paper takes the shares of singular
    values; these are of variances.)

    Raises:
        UsageError: fewer than 2 samples, NaN.
    """
    return _effective_rank(host_rows(samples, "samples", limit=limit))


def pairwise_distances(rows: Rows) -> Rows:
    """Euclidean distances [N (N - 1) / 2] of distinct rows [N, D], by differences: 0 for copies, and only them."""
    import torch

    distances: Rows = torch.pdist(torch.from_numpy(rows)).numpy()
    return distances


def _mean_distance(rows: Rows) -> float:
    return float(pairwise_distances(rows).mean())


def _effective_rank(rows: Rows) -> float:
    centred = rows - rows.mean(axis=0)
    gram = centred @ centred.T if len(rows) < rows.shape[1] else centred.T @ centred
    variances = np.linalg.eigvalsh(gram).clip(min=0)
    total = variances.sum()
    # what centring equal rows leaves is rounding, of no direction
    if total <= (8 * np.finfo(np.float64).eps) ** 2 * np.square(rows).sum():
        return 0.0
    shares = variances[variances > 0] / total
    return float(np.exp(-(shares * np.log(shares)).sum()))
