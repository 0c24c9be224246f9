"""A critic of points beside the exact optimal potential of held-out points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from steadygan.studies.experiments._critic_alone import held_out_pairs
from steadygan.studies.trial import Outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import nn

    from steadygan.data import Dataset

REACH, CELLS = 3.0, 64
"""of the square in which surfaces are kept, and its grid"""


def measure(critic: nn.Module, dataset: Dataset, seed: int, matched: int) -> Outcome:
    """The critic on held-out points and on a grid, beside the exact potential of the same points."""
    import torch
    from scipy.stats import spearmanr

    from steadygan.metrics.potentials import transport
    from steadygan.report.surfaces import surface_values

    def score(points: NDArray[np.float32]) -> NDArray[np.float32]:
        with torch.no_grad():
            scores: NDArray[np.float32] = critic(torch.from_numpy(np.ascontiguousarray(points))).score.numpy()
        return scores

    def exact_at(points: NDArray[np.float32]) -> NDArray[np.float32]:
        return optimum.potential(points).astype(np.float32)

    real, fake = held_out_pairs(dataset, matched, seed)
    optimum = transport(real, fake)
    points = np.concatenate([real, fake])
    scores, exact = score(points).astype(np.float64), optimum.potential(points)
    return {
        "rank_correlation": float(spearmanr(scores, exact).statistic),
        "higher_moments": correlation_beyond_quadratic(points, scores, exact),
        "slope": _slope(critic, points),
        "distance": optimum.distance,
        "surface": surface_values(score, REACH, CELLS)[1].astype(np.float32),
        "optimum": surface_values(exact_at, REACH, CELLS)[1].astype(np.float32),
        "real": real[:400],
        "fake": fake[:400],
    }


def correlation_beyond_quadratic(
    points: NDArray[np.float32], first: NDArray[np.float64], second: NDArray[np.float64]
) -> float:
    """Correlation of two functions at points [N, 2] after the best quadratic polynomial is taken from each.

    A quadratic knows means and covariances only: what is left is what a function knows of higher moments.
    """
    x, y = points.astype(np.float64).T
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    rests = [each - terms @ np.linalg.lstsq(terms, each, rcond=None)[0] for each in (first, second)]
    norms = np.prod([np.linalg.norm(rest) for rest in rests])
    return float(rests[0] @ rests[1] / norms) if norms > 0 else 0.0


def _slope(critic: nn.Module, points: NDArray[np.float32]) -> float:
    """Mean gradient norm at the points."""
    import torch

    samples = torch.from_numpy(points).requires_grad_(True)
    gradient = torch.autograd.grad(critic(samples).score.sum(), samples)[0]
    return float(gradient.norm(dim=1).mean())
