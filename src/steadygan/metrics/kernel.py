"""Kernel distance (KID): unbiased squared maximum mean discrepancy of feature vectors."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from steadygan.checks import whole_number
from steadygan.metrics.arrays import AnyRows, Rows, same_width, stored_rows


class KernelDistance(NamedTuple):
    """A kernel distance, its standard error, and the number and size of its subsets."""

    value: float
    error: float
    subsets: int
    size: int


class _SubsetEstimate(NamedTuple):
    """Distance and variances in one subset."""

    distance: float
    witness_variance: float
    """Var over fakes y of E k(y, y') - E k(y, x)"""
    pair_variance: float
    """variance of k(y, y') that the two fakes do not explain singly"""


def kernel_distance(
    real: ArrayLike,
    fake: ArrayLike,
    *,
    degree: int = 3,
    gamma: float | None = None,
    coef0: float = 1.0,
    subsets: int = 100,
    size: int = 1000,
    seed: int = 0,
) -> KernelDistance:
    """The unbiased squared MMD of vectors [N, D] and [M, D], mean over random subsets (Binkowski et al. 2018, KID).

    The kernel is (gamma x.y + coef0)^degree, gamma 1/D. May be negative where the two sets agree. With fewer rows than
    ``size``, subsets are as large as the smaller set; if that is all of both sets, there is one. The result says so.

    The error is that of another M fakes, the real set held fixed: 4 Var(witness) / M + 2 Var(pair) / M^2, the variance
    of a U-statistic over all fakes (Hoeffding 1948), plus the variance over subsets / subsets, for their random choice.
    The latter alone, which others print, falls to 0 with more subsets of the same fakes.

    A subset costs 3 size^2 D multiplications and 3 size^2 numbers of memory.

    Raises:
        UsageError: different widths, fewer than 4 rows, NaN, a number of subsets below 2 or a size below 4.
    """
    for name, value, least in (("degree", degree, 1), ("subsets", subsets, 2), ("size", size, 4)):
        whole_number(name, value, least)
    real_rows, fake_rows = stored_rows(real, "real features", 4), stored_rows(fake, "fake features", 4)
    width = same_width(real_rows, fake_rows)
    size = min(size, len(real_rows), len(fake_rows))
    if len(real_rows) == len(fake_rows) == size:
        subsets = 1
    scale = 1 / width if gamma is None else gamma

    def kernel(a: Rows, b: Rows) -> Rows:
        base = a @ b.T * scale + coef0
        power = base.copy()
        for _ in range(degree - 1):  # np.power is ten times slower
            power *= base
        return power

    rng = np.random.default_rng(seed)
    estimates = []
    for _ in range(subsets):
        x, y = _random_subset(real_rows, size, rng), _random_subset(fake_rows, size, rng)
        estimates.append(_estimate(kernel(x, x), kernel(y, y), kernel(x, y), unseen=1 - size / len(real_rows)))
    distances, witness, pair = np.array(estimates).T
    count = len(fake_rows)
    variance = 4 * max(0.0, witness.mean()) / count + 2 * max(0.0, pair.mean()) / (count * (count - 1))
    of_choice = distances.var(ddof=1) / subsets if subsets > 1 else 0.0
    return KernelDistance(float(distances.mean()), math.sqrt(variance + of_choice), subsets, size)


def _random_subset(rows: AnyRows, size: int, rng: np.random.Generator) -> Rows:
    return np.asarray(rows[rng.permutation(len(rows))[:size]], dtype=np.float64)


def _estimate(real: Rows, fake: Rows, between: Rows, unseen: float) -> _SubsetEstimate:
    """From kernels [n, n] among reals, among fakes, and of reals (rows) with fakes (columns).

    ``unseen`` is the share of the real set that is not in this subset.
    """
    n = len(real)
    of_real = (real.sum() - np.trace(real)) / (n * (n - 1))
    attraction = (fake.sum(axis=0) - np.diag(fake)) / (n - 1)
    to_real = between.mean(axis=0)
    distance = of_real + attraction.mean() - 2 * to_real.mean()

    # a mean over n partners also scatters by their draw, which is no variance of the witness (a whole set is no draw)
    pair = _pair_variance(fake)
    cross = between - to_real - between.mean(axis=1, keepdims=True) + to_real.mean()
    noise = pair / (n - 1) + unseen * np.square(cross).sum() / (n - 1) ** 2 / n
    return _SubsetEstimate(float(distance), float((attraction - to_real).var(ddof=1) - noise), pair)


def _pair_variance(kernel: Rows) -> float:
    """What is left off the diagonal of a symmetric matrix without its row and column effects (U-centring)."""
    n = len(kernel)
    left = kernel.copy()
    np.fill_diagonal(left, 0.0)
    sums = left.sum(axis=0)
    left -= sums / (n - 2) + (sums / (n - 2))[:, None] - sums.sum() / ((n - 1) * (n - 2))
    np.fill_diagonal(left, 0.0)
    return float(np.square(left).sum() / (n * (n - 3)))
