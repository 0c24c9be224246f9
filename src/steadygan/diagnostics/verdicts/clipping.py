"""Capacity of the critic lost to the clipping of its weights."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.distance import distance_of
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between
from steadygan.diagnostics.verdicts.samples import samples_of

SHARE, MOST = 0.1, 0.8
"""of the weights at the bound; below .05 healthy, .18 (bound .1, 3 layers) to .89 (.01, 8 layers) [small-scale]"""
NO_SLOPE, STEEP = 0.02, 5.0
"""norms of the critic's gradient that show what clipping does to it"""
FROM = 0.1
SOURCE = "weights driven to the bound (WGAN-GP, Gulrajani et al. 2017, section 3 and figure 1b)"


def clipping(history: History) -> Finding | None:
    """A tenth of the weights or more at the bound, with samples far off or a gradient of the wrong size."""
    levels = Levels(history)
    share, samples = levels.level("clipped_share"), samples_of(levels)
    slope, high = levels.level("slope_between"), levels.level("slope_high")
    with np.errstate(invalid="ignore"):
        harm = (
            (samples.bad & (levels.age >= 0.3))
            | ((slope < NO_SLOPE) & ~levels.generator_steps)
            | ((high > STEEP) & samples.bad)
        )
        harm &= ~distance_of(levels).falling
        holds = (share >= SHARE) & harm & ~samples.fine & (levels.age >= FROM)
    strength = between(share, SHARE, MOST)
    evidence = said(levels, "clipped_share", "slope_between", "slope_high", *samples.fields, most=3)
    missing = int(not levels.has("slope_between"))
    return levels.finding("clipping", holds, strength, evidence, SOURCE, missing=missing)
