"""Number of statistically different bins (NDB/K, Richardson & Weiss 2018), by k-means bins of real samples.

A mode that is missing, or that has too many samples, is a bin whose proportion differs from the data's.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from steadygan.checks import whole_number, within
from steadygan.diagnostics.signals.host import Samples, host_rows
from steadygan.errors import UsageError
from steadygan.metrics.arrays import Rows, same_width
from steadygan.metrics.manifold import nearest

_ITERATIONS = 30
LEVEL = 0.05
"""share of the bins that differ by chance"""


class Bins(NamedTuple):
    """Bins of real samples: the cells of k-means centres."""

    centres: Rows
    """[K, D]"""
    counts: NDArray[np.int64]
    """[K]: real samples in each, of those that did not place the centres"""


class BinDifference(NamedTuple):
    """Bins in which generated and real samples differ in proportion."""

    share: float
    """NDB/K: bins whose proportions differ; .05 for the data's own distribution, 1 at most"""
    missing: float
    """share of bins that differ and have no generated sample at all: lost modes"""
    divergence: float
    """Jensen-Shannon divergence of the two histograms, in bits, 0 to 1; it has no level of chance, and falls with N"""
    effective: float
    """exp of the entropy of the samples' histogram over that of the data's: k / K for k of K equal modes"""


def bins_of(real: Samples, count: int = 100, *, limit: int = 10_000, seed: int = 0) -> Bins:
    """k-means bins of real samples [N, ...], in pixels or features; made once, for all comparisons of a run.

    Half of the samples, drawn by the seed, places the centres; the other half is counted. Centres lie nearer to the
    samples that placed them than to any others: counts of the same ones differ from held-out samples in most bins where
    there are more dimensions than samples a bin.

    The test of a bin is sound from about 10 samples a bin on each side: take fewer bins of little data. K-means++
    (Arthur & Vassilvitskii 2007) starts from the seed, and Lloyd's iterations are 30 at most.

    Args:
        real: samples, at least twice as many as bins
        count: K, of bins
        limit: most samples that are looked at
        seed: of the halves and of k-means

    Raises:
        UsageError: fewer different samples than bins in a half, NaN, ``count`` below 2.
    """
    whole_number("count", count, 2)
    rows = host_rows(real, "real samples", limit=max(limit, 2 * count), at_least=2 * count)
    order = np.random.default_rng(seed).permutation(len(rows))
    placing, counted = rows[order[: len(rows) // 2]], rows[order[len(rows) // 2 :]]
    different = len(np.unique(placing, axis=0))
    if different < count:
        raise UsageError(f"bins of real samples: {count} bins of {different} different samples; take fewer bins")
    centres = _centres(placing, count, np.random.default_rng(seed))
    return Bins(centres, np.bincount(bin_indices(counted, centres), minlength=count))


def bin_difference(fake: Samples, bins: Bins, *, level: float = LEVEL) -> BinDifference:
    """NDB/K of generated samples [M, ...] against the bins of real ones, by a two-proportion z test in each bin.

    z = (p - q) / sqrt(r (1 - r) (1/N + 1/M)) with p and q the shares of real and of generated samples in the bin and r
    that of both together; a bin differs where its two-sided p-value is below ``level``. Held-out samples
    have .05; a generator that covers k of K equal modes has 1, of which (K - k) / K are missing.

    Raises:
        UsageError: samples of another width than the bins', fewer than 2, NaN, a level outside (0, 1).
    """
    return difference_of(counts_in(fake, bins), bins, level=level)


def counts_in(fake: Samples, bins: Bins) -> NDArray[np.int64]:
    """[K]: generated samples [M, ...] in each bin."""
    rows = host_rows(fake, "generated samples")
    return np.bincount(bin_indices(rows, bins.centres), minlength=len(bins.centres))


def difference_of(counts: NDArray[np.int64], bins: Bins, *, level: float = LEVEL) -> BinDifference:
    """``bin_difference`` of the samples' counts [K]."""
    within("level", level, 0, 1, open_low=True, open_high=True)
    p, q = bins.counts / bins.counts.sum(), counts / counts.sum()
    differs = np.abs(_z(bins.counts, counts)) > _two_sided(level)
    return BinDifference(
        share=float(differs.mean()),
        missing=float((differs & (counts == 0)).mean()),
        divergence=_divergence(p, q),
        effective=math.exp(_entropy(q) - _entropy(p)),
    )


def moved(before: NDArray[np.int64], now: NDArray[np.int64]) -> float:
    """Total variation of two histograms [K] of samples, 0 to 1: the share of the samples that changed their bin."""
    return float(np.abs(before / before.sum() - now / now.sum()).sum() / 2)


def bin_indices(rows: Rows, centres: Rows) -> NDArray[np.intp]:
    """[N]: the bin of each row [N, D], that of the nearest centre [K, D]."""
    same_width(rows, centres)
    return nearest(centres, rows, 1)[1][:, 0]


def _centres(rows: Rows, count: int, rng: np.random.Generator) -> Rows:
    """Centres [K, D] of k-means: k-means++, then means of the nearest rows until none changes its centre.

    A centre that loses all its rows stays where it is. (Not scikit-learn's: to load that takes a second.)
    """
    chosen = [int(rng.integers(len(rows)))]
    squared = np.square(rows - rows[chosen[0]]).sum(axis=1)
    while len(chosen) < count:
        chosen.append(int(rng.choice(len(rows), p=squared / squared.sum())))
        squared = np.minimum(squared, np.square(rows - rows[chosen[-1]]).sum(axis=1))
    centres = rows[chosen]
    before: NDArray[np.intp] | None = None
    for _ in range(_ITERATIONS):
        where = bin_indices(rows, centres)
        if before is not None and (where == before).all():
            break
        before = where
        counts = np.bincount(where, minlength=count)
        held = np.flatnonzero(counts)
        centres = centres.copy()
        centres[held] = [rows[where == each].mean(axis=0) for each in held]
    return centres


def _z(real: NDArray[np.int64], fake: NDArray[np.int64]) -> Rows:
    n, m = real.sum(), fake.sum()
    pooled = (real + fake) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    difference = real / n - fake / m
    scores: Rows = np.divide(difference, error, out=np.zeros_like(difference), where=error > 0)
    return scores


def _two_sided(level: float) -> float:
    return -NormalDist().inv_cdf(level / 2)


def _divergence(p: Rows, q: Rows) -> float:
    middle = (p + q) / 2
    return max(0.0, (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / (2 * math.log(2)))


def _relative_entropy(p: Rows, q: Rows) -> float:
    some = p > 0  # 0 log 0 = 0
    return float((p[some] * np.log(p[some] / q[some])).sum())


def _entropy(shares: Rows) -> float:
    some = shares[shares > 0]
    return float(-(some * np.log(some)).sum())
