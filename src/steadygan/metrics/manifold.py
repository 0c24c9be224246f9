"""Precision, recall, density and coverage, by the k-nearest-neighbour balls of two sets of vectors.

A point's ball extends to its k-th nearest other point of the same set (copies count, the point itself does not);
the border belongs to it. Distances are Euclidean, computed in float64 in blocks of rows: memory stays near 100 MB.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steadygan.checks import whole_number
from steadygan.errors import UsageError
from steadygan.metrics.arrays import AnyRows, Rows, row_slices, same_width, stored_rows
from steadygan.metrics.estimates import Estimate, mean

_TIE = 1e-12  # of |a|^2 + |b|^2: a point within rounding of a border is on it


class PrecisionRecall(NamedTuple):
    """Improved precision and recall (Kynkaanniemi et al. 2019)."""

    precision: Estimate
    """share of fakes in the ball of some real"""
    recall: Estimate
    """share of reals in the ball of some fake"""


class DensityCoverage(NamedTuple):
    """Density and coverage (Naeem et al. 2020)."""

    density: Estimate
    """number of reals' balls that a fake lies in, divided by k; 1 is expected of the real distribution"""
    coverage: Estimate
    """share of reals with some fake in their ball"""


class Manifold(NamedTuple):
    """All four; for their errors see ``manifold``."""

    precision: Estimate
    recall: Estimate
    density: Estimate
    coverage: Estimate


def manifold(
    real: ArrayLike, fake: ArrayLike, *, k: int = 3, density_k: int = 5, of_real: Rows | None = None
) -> Manifold:
    """Precision and recall (``k`` neighbours), density and coverage (``density_k``), of vectors [N, D] and [M, D].

    ``of_real`` are ``neighbour_distances`` of the reals to the larger number of neighbours, where they are known.

    Errors are of another M fakes, the real set held fixed. Precision and density are means over the fakes, so theirs
    is exact. Coverage and recall are shares of the reals, whose balls have fakes in common, so that a binomial error
    is too small. Theirs is a jackknife: without one fake, the reals that it alone covers are lost (the other fakes'
    balls held fixed). It is mostly too large, up to twice where nearly all reals are covered.

    Cost: N^2 + M^2 + N M distances; M^2 + N M with ``of_real``.

    Raises:
        UsageError: different widths, no more rows than neighbours, NaN, another shape of ``of_real``.
    """
    real_rows, fake_rows = _two_sets(real, fake, real_k=max(k, density_k), fake_k=k)
    if of_real is None:
        of_real = neighbour_distances(real_rows, max(k, density_k))
    elif of_real.shape != (expected := (len(real_rows), max(k, density_k))):
        raise UsageError(f"of_real has the shape {list(of_real.shape)}; needed: {list(expected)}")
    of_fake = neighbour_distances(fake_rows, k)[:, -1]
    in_real, in_density, in_fake = _links(
        real_rows, fake_rows, [of_real[:, k - 1, None], of_real[:, density_k - 1, None], of_fake[None]]
    )
    return Manifold(*_precision_recall(in_real, in_fake), *_density_coverage(in_density, density_k))


def precision_recall(real: ArrayLike, fake: ArrayLike, k: int = 3) -> PrecisionRecall:
    """Improved precision and recall of vectors [N, D] and [M, D]; see ``manifold`` (Kynkaanniemi et al. 2019).

    Raises:
        UsageError: different widths, no more than ``k`` rows, NaN.
    """
    real_rows, fake_rows = _two_sets(real, fake, real_k=k, fake_k=k)
    radii = [neighbour_distances(real_rows, k)[:, -1, None], neighbour_distances(fake_rows, k)[None, :, -1]]
    return _precision_recall(*_links(real_rows, fake_rows, radii))


def density_coverage(real: ArrayLike, fake: ArrayLike, k: int = 5) -> DensityCoverage:
    """Density and coverage of vectors [N, D] and [M, D]; see ``manifold`` (Naeem et al. 2020).

    Raises:
        UsageError: different widths, no more than ``k`` reals, NaN.
    """
    real_rows, fake_rows = _two_sets(real, fake, real_k=k, fake_k=1)
    (links,) = _links(real_rows, fake_rows, [neighbour_distances(real_rows, k)[:, -1, None]])
    return _density_coverage(links, k)


def neighbour_distances(rows: AnyRows, k: int) -> Rows:
    """Squared distances [N, k] of each row to its k nearest others, ascending."""
    return nearest(rows, rows, k, leave_self_out=True)[0]


def nearest(
    rows: AnyRows, queries: AnyRows, count: int, *, leave_self_out: bool = False
) -> tuple[Rows, NDArray[np.intp]]:
    """Squared distances and indices [M, count] of the rows [N, D] nearest to each query [M, D], ascending.

    ``leave_self_out`` ignores row i for query i: the two are then the same set. Equal distances come in any order.
    """
    centre = _centre(rows)
    distances, indices = np.full((len(queries), count), np.inf), np.full((len(queries), count), -1, dtype=np.intp)
    for block in row_slices(queries):
        here = _block(queries, block, centre)
        best, where = distances[block], indices[block]
        for part in row_slices(rows):
            squared = _squared_distances(here, _block(rows, part, centre))
            if leave_self_out:
                own = np.arange(max(block.start, part.start), min(block.stop, part.stop))
                squared[own - block.start, own - part.start] = np.inf
            candidates = np.argpartition(squared, min(count, squared.shape[1]) - 1, axis=1)[:, :count]
            both = np.concatenate([best, np.take_along_axis(squared, candidates, axis=1)], axis=1)
            positions = np.concatenate([where, candidates + part.start], axis=1)
            order = np.argsort(both, axis=1, kind="stable")[:, :count]
            best[:], where[:] = np.take_along_axis(both, order, axis=1), np.take_along_axis(positions, order, axis=1)
    return distances, indices


class _Links(NamedTuple):
    """Pairs of a real and a fake within a radius, as counts."""

    of_fakes: NDArray[np.float64]
    """[M]: number of reals linked to each fake"""
    of_reals: NDArray[np.float64]
    """[N]: number of fakes linked to each real"""
    sums: NDArray[np.float64]
    """[N]: sum of the indices of those fakes, so the fake's index if there is one only"""


def _links(real: AnyRows, fake: AnyRows, radii: Sequence[Rows]) -> list[_Links]:
    """The pairs within each squared radius, [N, 1] of the reals and [1, M] of the fakes."""
    n, m = len(real), len(fake)
    centre = _centre(real)
    limits = [np.broadcast_to(radius, (n, m)) for radius in radii]
    links = [_Links(np.zeros(m), np.zeros(n), np.zeros(n)) for _ in radii]
    for rows in row_slices(real):
        here = _block(real, rows, centre)
        for columns in row_slices(fake):
            squared = _squared_distances(here, _block(fake, columns, centre), tie=_TIE)
            for limit, link in zip(limits, links, strict=True):
                i, j = np.nonzero(squared <= limit[rows, columns])
                link.of_fakes[columns] += np.bincount(j, minlength=squared.shape[1])
                link.of_reals[rows] += np.bincount(i, minlength=squared.shape[0])
                link.sums[rows] += np.bincount(i, weights=j + columns.start, minlength=squared.shape[0])
    return links


def _precision_recall(in_real: _Links, in_fake: _Links) -> PrecisionRecall:
    return PrecisionRecall(mean(in_real.of_fakes > 0), _share_covered(in_fake))


def _density_coverage(in_real: _Links, k: int) -> DensityCoverage:
    return DensityCoverage(mean(in_real.of_fakes / k), _share_covered(in_real))


def _share_covered(links: _Links) -> Estimate:
    fakes = len(links.of_fakes)
    covered_once = links.of_reals == 1
    lost = np.bincount(links.sums[covered_once].astype(np.intp), minlength=fakes) / len(links.of_reals)
    return Estimate(float((links.of_reals > 0).mean()), math.sqrt((fakes - 1) * float(lost.var())))


class _Block(NamedTuple):
    rows: Rows
    squares: NDArray[np.float64]


def _centre(rows: AnyRows) -> Rows:
    """An origin [1, D] near the rows: far from it, |a|^2 + |b|^2 - 2 a.b would lose digits."""
    if rows.dtype.kind != "f":
        return np.zeros((1, rows.shape[1]))  # whole numbers are exact as they are
    total = np.zeros((1, rows.shape[1]))
    for part in row_slices(rows):
        total += rows[part].sum(axis=0, dtype=np.float64)
    return total / len(rows)


def _block(rows: AnyRows, part: slice, centre: Rows) -> _Block:
    centred = rows[part] - centre
    return _Block(centred, np.einsum("nd,nd->n", centred, centred))


def _squared_distances(a: _Block, b: _Block, tie: float = 0.0) -> Rows:
    squared: Rows = a.rows @ b.rows.T
    squared *= -2
    squared += (1 - tie) * a.squares[:, None]
    squared += (1 - tie) * b.squares
    return squared.clip(min=0.0, out=squared)


def _two_sets(real: ArrayLike, fake: ArrayLike, *, real_k: int, fake_k: int) -> tuple[AnyRows, AnyRows]:
    for k in (real_k, fake_k):
        whole_number("k", k, note="the number of neighbours")
    rows = stored_rows(real, "real features", real_k + 1), stored_rows(fake, "fake features", fake_k + 1)
    same_width(*rows)
    return rows
