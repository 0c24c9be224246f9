"""Mode coverage: of mixtures of Gaussians, and of the 1,000 modes of stacked digits."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steadygan.checks import above
from steadygan.errors import UsageError
from steadygan.metrics.arrays import feature_rows
from steadygan.metrics.estimates import Estimate, mean

STACKS = 1_000
"""modes of three stacked digits"""

Weights = NDArray[np.float64]


class ModeCoverage(NamedTuple):
    """Points over the modes of a mixture."""

    high_quality: Estimate
    """share of the points that are near a centre"""
    covered: int
    """modes with such points"""
    modes: int
    """of the mixture"""
    kl: float
    """KL(points || mixture) over modes, in nats, of those points; without any, log(modes), as for a single mode"""


class StackedModes(NamedTuple):
    """Number of the 1,000 stacks that occur, and KL(stacks || reference) in nats."""

    covered: int
    kl: float


class ExpectedStacks(NamedTuple):
    """Expectation of ``StackedModes`` for the real distribution, all stacks equally likely."""

    covered: float
    kl: float


def mode_coverage(
    points: ArrayLike,
    centres: ArrayLike,
    deviation: float,
    *,
    radius: float = 4.0,
    at_least: int = 1,
    weights: ArrayLike | None = None,
) -> ModeCoverage:
    """Share of high-quality points, modes covered, and KL over modes, of points against a mixture of Gaussians.

    The mixture's own points do not reach a share of 1: in the plane, 1 - exp(-radius^2 / 2) of them are near enough,
    0.99966 for four deviations. Nor a KL of 0: N of them over K equal modes have about (K - 1) / 2N.

    Args:
        points: [N, D]
        centres: of the modes, [K, D]
        deviation: standard deviation of a mode along each axis
        radius: a point is of high quality when its nearest centre is at most so many deviations away
        at_least: high-quality points that a mode needs to count as covered
        weights: of the modes [K], uniform unless given

    Raises:
        UsageError: wrong shapes, NaN or infinite values, ``deviation``, ``radius`` or ``at_least`` not above 0.
    """
    from scipy.spatial import KDTree

    rows, means = feature_rows(points, "points", 1), feature_rows(centres, "centres", 1)
    if rows.shape[1] != means.shape[1]:
        raise UsageError(f"points have {rows.shape[1]} coordinates, centres {means.shape[1]}")
    for name, number in (("deviation", deviation), ("radius", radius), ("at_least", at_least)):
        above(name, number, 0)
    distances, nearest = KDTree(means).query(rows)
    near = distances <= radius * deviation
    counts = np.bincount(nearest[near], minlength=len(means))
    covered = int(np.count_nonzero(counts >= at_least))
    return ModeCoverage(mean(near), covered, len(means), _divergence(counts, _weights(weights, len(means))))


def stacked_modes(classes: ArrayLike, reference: ArrayLike | None = None) -> StackedModes:
    """Stacks covered and their KL divergence from the reference (Metz et al. 2017; Srivastava et al. 2017).

    Few samples cover few stacks and have a large KL however good they are: see ``expected_stacked``.

    Args:
        classes: a classifier's predictions for the three channels, integers 0 to 9, [N, 3]
        reference: weights of the stacks [1000], stack a b c at 100 a + 10 b + c; uniform unless given. Where it is 0
            and a sample lies, KL is infinite.

    Raises:
        UsageError: not digits [N, 3], no samples, or weights that are not ones.
    """
    digits = np.asarray(classes)
    if digits.ndim != 2 or digits.shape[1] != 3 or len(digits) == 0 or digits.dtype.kind not in "iu":
        raise UsageError(f"classes must be integers [N, 3]; got {digits.dtype} {list(digits.shape)}")
    if digits.min() < 0 or digits.max() > 9:
        raise UsageError(f"classes must be digits 0 to 9; got {digits.min()} to {digits.max()}")
    counts = np.bincount(digits.astype(np.int64) @ np.array([100, 10, 1]), minlength=STACKS)
    return StackedModes(int(np.count_nonzero(counts)), _divergence(counts, _weights(reference, STACKS)))


def expected_stacked(count: int) -> ExpectedStacks:
    """The mean of ``stacked_modes`` over draws of ``count`` stacks, all equally likely; exact.

    A stack occurs n times with n binomial, so covered is 1000 (1 - (1 - 1/1000)^count), and KL is
    log 1000 + 1000 E[(n / count) log(n / count)].
    """
    from scipy.stats import binom

    if count < 1:
        raise UsageError(f"count is {count}; at least one sample is needed")
    times = np.arange(1, count + 1)
    shares = times / count
    kl = math.log(STACKS) + STACKS * float(np.sum(binom.pmf(times, count, 1 / STACKS) * shares * np.log(shares)))
    return ExpectedStacks(STACKS * -math.expm1(count * math.log1p(-1 / STACKS)), kl)


def _weights(weights: ArrayLike | None, modes: int) -> Weights:
    if weights is None:
        return np.full(modes, 1 / modes)
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (modes,) or not np.isfinite(given).all() or given.min() < 0 or given.sum() == 0:
        raise UsageError(
            f"weights of modes must be {modes} numbers from 0 on, not all 0; got shape {list(given.shape)}"
        )
    shares: Weights = given / given.sum()
    return shares


def _divergence(counts: NDArray[np.int64], weights: Weights) -> float:
    """KL(counts || weights) in nats, with 0 log 0 = 0; log K for no counts."""
    from scipy.special import rel_entr

    if counts.sum() == 0:
        return math.log(len(weights))
    return max(0.0, float(rel_entr(counts / counts.sum(), weights).sum()))  # rounding must not make it negative
