"""A gradient of the critic that explodes."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.distance import distance_of
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between, strongest
from steadygan.diagnostics.verdicts.samples import samples_of

LARGE = 1e4
"""norm of the critic's input gradient; 1 to 4 healthy, 3e4 without constraint, 1e12 clipped at 1 [small-scale]"""
ENDLESS = 1e6
"""from which it counts though samples seem fine, in logs without their distance: 8e4 where a critic clipped at 2
trained well [measured small-scale]"""
DEPTH, LARGE_OVER_DEPTH = 0.6, 300.0
"""decades a layer with such a norm; -.4 to .2 healthy [measured small-scale]"""
ON_WEIGHTS = 1e7
"""norm of the gradient on the critic's weights"""
FROM = 0.03
SOURCE = "gradients over depth (WGAN-GP, Gulrajani et al. 2017, figure 1b)"


def exploding_gradient(history: History) -> Finding | None:
    """The critic's input gradient is above 1e4, or large and growing layer by layer."""
    levels = Levels(history)
    slope = np.fmax(levels.level("slope_between"), np.fmax(levels.level("slope_real"), levels.level("slope_fake")))
    depth, weights = levels.level("depth_slope"), levels.level("critic_gradient")
    with np.errstate(invalid="ignore"):
        holds = (slope > LARGE) | ((depth > DEPTH) & (slope > LARGE_OVER_DEPTH)) | (weights > ON_WEIGHTS)
        endless = (slope > ENDLESS) & ~distance_of(levels).known
        holds &= (~samples_of(levels).fine | endless) & (levels.age >= FROM)
    strength = strongest(between(slope, LARGE_OVER_DEPTH, 1e6), between(weights, ON_WEIGHTS, 1e10))
    evidence = said(levels, "slope_between", "critic_gradient", "depth_slope")
    missing = int(not levels.has("slope_between"))
    return levels.finding("exploding_gradient", holds, strength, evidence, SOURCE, missing=missing)
