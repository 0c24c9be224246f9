"""A gradient of the critic that vanishes over its depth: it tells the generator nothing."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between, strongest
from steadygan.diagnostics.verdicts.samples import samples_of

SMALL = 1e-3
"""norm of the critic's input gradient: 1 held by a penalty, .01 to .1 of one that learns slowly, 2e-11 vanished"""
DEPTH, SMALL_OVER_DEPTH = -0.6, 0.03
"""decades a layer with such a norm; -.4 to .2 healthy, -.99 failing [measured small-scale]"""
FROM = 0.05
SOURCE = "gradients over depth (WGAN-GP, Gulrajani et al. 2017, figure 1b)"


def vanishing_gradient(history: History) -> Finding | None:
    """The critic's input gradient is below 1e-3, or small and lost layer by layer."""
    levels = Levels(history)
    slope = np.fmax(levels.level("slope_between"), np.fmax(levels.level("slope_real"), levels.level("slope_fake")))
    depth = levels.level("depth_slope")
    with np.errstate(invalid="ignore"):
        holds = (slope < SMALL) | ((depth < DEPTH) & (slope < SMALL_OVER_DEPTH))
        holds &= ~samples_of(levels).fine & ~levels.generator_steps & (levels.age >= FROM)
    strength = strongest(between(slope, SMALL_OVER_DEPTH, 1e-6), 0.8 * between(-depth, -DEPTH, 1.2))
    evidence = said(levels, "slope_between", "slope_fake", "depth_slope")
    missing = int(not levels.has("depth_slope"))
    return levels.finding("vanishing_gradient", holds, strength, evidence, SOURCE, missing=missing)
