"""Inception score: high if each prediction is sure, and all of them together spread over the classes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from steadygan.checks import whole_number
from steadygan.errors import UsageError
from steadygan.metrics.arrays import Rows, stored_rows
from steadygan.metrics.estimates import Estimate


def inception_score(probabilities: ArrayLike, splits: int = 10) -> Estimate:
    """exp(mean KL(p(y|x) || p(y))) of class probabilities [N, K], mean over splits (Salimans et al. 2016, section 4).

    It lies between 1 and K. The value depends on N / splits: smaller splits score lower.

    Splits are runs of rows in the given order, so shuffle samples that come sorted by class. The error is the standard
    deviation over splits divided by sqrt(splits): splits share no sample. Papers print that deviation itself as their
    ±, which is sqrt(splits) times larger. With one split there is no error. (The influence function would need no
    splits, but vanishes where predictions are one-hot, and an error of 0 would be wrong there.)

    Raises:
        UsageError: not [N, K], fewer rows than splits, NaN, or rows that are not probabilities.
    """
    whole_number("splits", splits)
    rows = stored_rows(probabilities, "probabilities", splits)
    scores = np.array([_score(np.asarray(part, dtype=np.float64)) for part in np.array_split(rows, splits)])
    error = float(scores.std(ddof=1) / math.sqrt(splits)) if splits > 1 else None
    return Estimate(float(scores.mean()), error)


def _score(rows: Rows) -> float:
    from scipy.special import xlogy  # 0 log 0 = 0

    if rows.min() < 0 or np.abs(rows.sum(axis=1) - 1).max() > 1e-3:
        raise UsageError("probabilities must be at least 0 and sum to 1 in each row; apply softmax to scores first")
    marginal = rows.mean(axis=0)
    divergence = (xlogy(rows, rows) - xlogy(rows, marginal)).sum(axis=1)
    return math.exp(float(divergence.mean()))
