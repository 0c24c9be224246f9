"""Memorisation: nearest-neighbour distance ratio, and the data-copying test C_T (Meehan, Chaudhuri & Dasgupta 2020).

Both compare how far generated and held-out samples are from their nearest training sample. Distances are those of
``metrics.memorisation``, which says more on what they mean.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from steadygan.checks import at_least
from steadygan.diagnostics.signals.bins import Bins, bin_indices
from steadygan.diagnostics.signals.host import Samples, host_rows, ratio, stored_rows
from steadygan.errors import UsageError
from steadygan.metrics.memorisation import compare_distances, nearest_training


class Copying(NamedTuple):
    """Distances of generated samples to training samples, against those of held-out samples."""

    ratio: float
    """median distance of generated samples over that of held-out ones; 1 expected, 0 for copies"""
    c_t: float
    """standard normal without copying; far below 0 copies, far above 0 samples unlike the data (under-fitting)"""


def copying(train: Samples, held_out: Samples, fake: Samples) -> Copying:
    """Nearest-neighbour distance ratio and C_T of generated samples [M, ...], against held-out ones [H, ...].

    In pixels, or better in features in which distance means dissimilarity. Cost: N (M + H) distances; keep those of
    held-out samples, ``training_distances(train, held_out)``, and call ``copying_by_distances`` to look often.
    Known values [measured small-scale]: ratio 1.05 to 1.65 healthy, .81 in a run on 20 images.

    Raises:
        UsageError: samples of different widths, fewer than 2 held-out or generated ones, NaN.
    """
    return copying_by_distances(
        training_distances(train, held_out, name="held-out samples"), training_distances(train, fake)
    )


def training_distances(train: Samples, samples: Samples, *, name: str = "generated samples") -> NDArray[np.float64]:
    """Euclidean distance [M] of each sample [M, ...] to its nearest training sample [N, ...].

    Arrays are read in blocks as they are stored, memory-mapped or not.

    Raises:
        UsageError: different widths, no sample, NaN.
    """
    return nearest_training(stored_rows(train, "training samples"), stored_rows(samples, name), 1)[1][:, 0]


def copying_by_distances(held_out: ArrayLike, fake: ArrayLike) -> Copying:
    """``copying`` from the distances to the nearest training sample, of held-out samples [H] and of generated ones [M].

    C_T is Mann and Whitney's U of the two, the number of pairs whose generated sample is farther, as a z score with
    mean HM / 2 and standard deviation sqrt(HM (H + M + 1) / 12); its least value is -sqrt(3 HM / (H + M + 1)).

    Raises:
        UsageError: fewer than 2 distances on a side, NaN.
    """
    held, fakes = np.asarray(held_out, np.float64), np.asarray(fake, np.float64)
    score = _z_score(held, fakes)
    return Copying(ratio(float(np.median(fakes)), float(np.median(held))), score)


def copying_by_cells(train: Samples, held_out: Samples, fake: Samples, cells: Bins, *, least: int = 20) -> float:
    """C_T over cells: its mean over the bins of training samples, weighted by their shares of held-out samples.

    Copies in one part of the space are seen even where the rest under-fits. Distances are to training samples of the
    same cell. Cells with fewer than ``least`` generated samples, or fewer than 2 held-out or 1 training sample, are
    left out (the paper's threshold tau).

    Args:
        train: [N, ...]
        held_out: [H, ...]
        fake: [M, ...]
        cells: ``bins_of(train, 5)``, for instance
        least: generated samples in a cell that counts

    Raises:
        UsageError: different widths, NaN, or no cell with enough samples.
    """
    at_least("least", least, 2)
    named = ((train, "training samples"), (held_out, "held-out samples"), (fake, "generated samples"))
    rows = [host_rows(each, name) for each, name in named]
    where = [bin_indices(each, cells.centres) for each in rows]
    scores, weights = [], []
    for cell in range(len(cells.centres)):
        of_train, of_held, of_fake = (each[at == cell] for each, at in zip(rows, where, strict=True))
        if len(of_train) and len(of_held) >= 2 and len(of_fake) >= least:
            distances = (nearest_training(of_train, queries, 1)[1][:, 0] for queries in (of_held, of_fake))
            scores.append(_z_score(*distances))
            weights.append(len(of_held))
    if not scores:
        raise UsageError(f"C_T by cells: none of {len(cells.centres)} cells has {least} generated samples")
    return float(np.average(scores, weights=weights))


def _z_score(held_out: NDArray[np.float64], fake: NDArray[np.float64]) -> float:
    n, m = len(held_out), len(fake)
    return (0.5 - compare_distances(held_out, fake).nearer.value) * math.sqrt(12 * n * m / (n + m + 1))
