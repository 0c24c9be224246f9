"""Near duplicates among samples, and the support size that they imply by the birthday paradox.

Which distance is near comes from the data: the lowest distances of real samples to their nearest neighbour.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from steadygan.checks import at_least, whole_number, within
from steadygan.diagnostics.signals.diversity import pairwise_distances
from steadygan.diagnostics.signals.host import Samples, host_rows, two_sets
from steadygan.metrics.arrays import Rows


class NearDuplicates(NamedTuple):
    """Near duplicates among generated samples, and among as many real ones."""

    share: float
    """share of generated samples that have another one within ``threshold``"""
    expected: float
    """that share among the real samples: ``level``, or more where distances tie (copies in the data)"""
    threshold: float
    """distance up to which two samples are near duplicates, in the samples' units"""
    support: float
    """number of equally likely samples that would give as many pairs of near duplicates; infinite without a pair"""
    real_support: float
    """the same of the real samples: what the test can see at most with this many"""


def near_duplicates(fake: Samples, real: Samples, *, level: float = 0.01, limit: int = 400) -> NearDuplicates:
    """Share of near duplicates among samples [N, ...], by the nearest-neighbour distances of real samples [M, ...].

    In pixels or in features of both; as many of both, ``limit`` at most, since neighbours are nearer among more. A
    healthy generator is near ``expected``; smooth samples of noisy data are somewhat above it. All samples in one
    point give 1. Of 400 samples, a support of 100 shows many pairs, one of 100,000 none (Arora, Risteski & Zhang 2018:
    duplicates are likely from about 1.18 times the root of the support size on).

    Args:
        fake: generated samples
        real: real samples that are not copies of each other, best held-out ones
        level: quantile of the real samples' nearest-neighbour distances that is the threshold
        limit: most samples of a side

    Raises:
        UsageError: samples of two widths, fewer than 2 on a side, NaN, a level outside (0, 1).
    """
    within("level", level, 0, 1, open_low=True, open_high=True)
    fakes, reals = two_sets(fake, real, limit=limit)
    threshold = _threshold(pairwise_distances(reals), len(reals), level)
    share, support = _within(fakes, threshold)
    expected, real_support = _within(reals, threshold)
    return NearDuplicates(share, expected, threshold, support, real_support)


def duplicate_threshold(real: Samples, *, level: float = 0.01) -> float:
    """``NearDuplicates.threshold`` of all real samples [N, ...], to keep where one looks often."""
    within("level", level, 0, 1, open_low=True, open_high=True)
    rows = host_rows(real, "real samples")
    return _threshold(pairwise_distances(rows), len(rows), level)


def share_within(samples: Samples, threshold: float) -> float:
    """``NearDuplicates.share`` of all samples [N, ...], by a threshold that ``duplicate_threshold`` gave of as many."""
    return _within(host_rows(samples, "samples"), threshold)[0]


def nearest_others(rows: Rows) -> Rows:
    """[N]: the distance of each row [N, D] to the nearest other one."""
    return nearest_of_pairs(pairwise_distances(rows), len(rows))


def _threshold(distances: Rows, count: int, level: float) -> float:
    return float(np.quantile(nearest_of_pairs(distances, count), level, method="inverted_cdf"))


def _within(rows: Rows, threshold: float) -> tuple[float, float]:
    """The share of rows that have another one so near, and the support size that their pairs imply."""
    distances = pairwise_distances(rows)
    share = float((nearest_of_pairs(distances, len(rows)) <= threshold).mean())
    return share, birthday_support(int((distances <= threshold).sum()), len(rows))


def birthday_support(pairs: float, samples: int) -> float:
    """The support size N of which ``samples`` draws s have that many equal pairs: s (s - 1) / (2 pairs).

    Draws from N equally likely values have s (s - 1) / 2N equal pairs on average; of others, N is 1 / sum p².
    Infinite without a pair: then N is probably above s² / 2.

    Raises:
        UsageError: fewer than 2 samples, or a negative number of pairs.
    """
    whole_number("samples", samples, 2)
    at_least("pairs", pairs, 0)
    return samples * (samples - 1) / (2 * pairs) if pairs else math.inf


def nearest_of_pairs(distances: Rows, count: int) -> Rows:
    """[N]: the distance of each of ``count`` samples to its nearest other one, from ``pairwise_distances``."""
    i, j = np.triu_indices(count, 1)
    nearest = np.full(count, np.inf)
    np.minimum.at(nearest, i, distances)
    np.minimum.at(nearest, j, distances)
    return nearest
