"""Energy coefficient: how different two sets of samples are in distribution, on one scale for all data."""

from __future__ import annotations

from steadygan.diagnostics.signals.diversity import mean_pairwise_distance
from steadygan.diagnostics.signals.host import Samples, two_sets
from steadygan.diagnostics.signals.two_sample import distances


def energy_coefficient(fake: Samples, real: Samples, *, limit: int = 300) -> float:
    """H = (2 E|X - Y| - E|X - X'| - E|Y - Y'|) / 2 E|X - Y| of samples [N, ...] and [M, ...] (Szekely & Rizzo 2013).

    0 for samples of the data's own distribution, up to 1 for samples far away; 1 - 1/sqrt(2) = .29 for samples that are
    all alike at the mean of normal data of any width. Distinct pairs alone count within a set, so that H of few samples
    has no bias, and may be a little below 0. As many of both sides are taken, ``limit`` at most.

    Raises:
        UsageError: samples of two widths, fewer than 2 on a side, NaN.
    """
    fakes, reals = two_sets(fake, real, limit=limit)
    within = [mean_pairwise_distance(rows, limit=len(rows)) for rows in (fakes, reals)]
    return coefficient(float(distances(fakes, reals).mean()), *within)


def coefficient(between: float, fake: float, real: float) -> float:
    """H of mean distances: between the sets, and within each; 0 where all samples of both are one."""
    return 1 - (fake + real) / (2 * between) if between > 0 else 0.0
