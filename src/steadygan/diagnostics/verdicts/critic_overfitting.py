"""Overfitting of the critic: it scores held-out samples as it scores generated ones."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.distance import distance_of
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Column, Levels, between

LEVEL, MOST = 0.15, 0.4
"""r_v; .005 to .03 healthy, .13 with 50 images, .39 with 20 [measured small-scale]; ADA's target by r_v is .5"""
ERRORS = 3.0
"""standard errors of r_v above which it means something"""
SIGNS = 0.85
"""r_t, where it alone is there; ADA's target is .6 (Karras et al. 2020). Large critics have more and train well."""
NOISY = 7
"""looks of a median: single values scatter by their size, .03 to .34 with 50 images [measured small-scale]"""
PASSES = 5.0
"""times that samples were seen, where signs alone are there"""
WORSE = 1.25
"""times the lowest distance of samples from the data, up to which a critic that overfits does no harm yet; a choice"""
FROM, FROM_BY_SIGN = 0.1, 0.35
SOURCE = "held-out scores against training scores (ADA, Karras et al. 2020)"


def critic_overfitting(history: History) -> Finding | None:
    """A seventh or more of the gap is lost on held-out samples, beyond three standard errors, and samples suffer.

    Where the log has no distance of the samples, the loss alone counts.
    """
    levels = Levels(history)
    r_v, r_t = levels.level("r_v", NOISY), levels.level("r_t", NOISY)
    errors = _error(levels)
    with np.errstate(all="ignore"):
        # r_v of some looks ago is none of now, where the critic no longer scores training samples above fakes
        sure = r_v > ERRORS * errors if levels.has("gap_error", "gap_train") else ~np.isnan(r_v)
        holds = (r_v >= LEVEL) & sure & (levels.age >= FROM) & ~unharmed(levels)
        again = levels.latest("seen") >= PASSES * levels.latest("training_samples")
        by_sign = (
            ~unharmed(levels) & again & (r_t >= SIGNS) & (levels.growth("r_t") >= 1) & (levels.age >= FROM_BY_SIGN)
        )
    strength = between(r_v, LEVEL, MOST)
    missing = int(not levels.has("gap_error"))
    if not levels.has("r_v"):
        evidence = said(levels, "r_t")
        return levels.finding(
            "critic_overfitting", by_sign, between(r_t, SIGNS, 1), evidence, SOURCE, missing=2, most=0.6
        )
    evidence = said(levels, "r_v", "r_t", "score")
    return levels.finding("critic_overfitting", holds, strength, evidence, SOURCE, missing=missing)


def unharmed(levels: Levels) -> NDArray[np.bool_]:
    """True where samples are as held-out data or get there, or their score is the lowest so far, or nearly."""
    score, distance = levels.latest("score"), distance_of(levels)
    with np.errstate(all="ignore"):
        return np.asarray((score <= WORSE * np.fmin.accumulate(score)) | distance.near | distance.falling, dtype=bool)


def _error(levels: Levels) -> Column:
    """Standard error of the level of r_v; NaN where it is not known."""
    error, gap = levels.level("gap_error", NOISY), levels.level("gap_train", NOISY)
    with np.errstate(all="ignore"):
        return np.where(gap > 0, error / gap, math.nan)
