"""A generator that stands still while its samples are far from the data: dead units, or a rate that is too low."""

from __future__ import annotations

import math

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Column, Levels, between
from steadygan.diagnostics.verdicts.samples import samples_of

WAY = 0.3
"""deviations of the data that samples would move in the whole run; 2e-3 to .13 stalled, above 1 healthy"""
STILL = 2e-3
"""the same from look to look, where the length of the run is not known; 3e-5 stalled, above .05 healthy"""
TOLD_APART, OTHER_BINS, AWAY = 0.8, 0.5, 3.0
"""accuracy of the critic, bins of another share, and copy ratio, each of which says that samples are far: trained ones
have .55 to .98, .1 to .8 and 1 to 2, but they move"""
MOVED = 0.5
"""deviations after which a generator that stopped has collapsed, if its samples are alike"""
ALIKE, POINT = 0.05, 1e-3
"""distance ratios; untrained generators have .2 and more, so one of a point has fallen there [measured small-scale]"""
STARTS = 1.5
"""growth of the moves in a quarter of the rounds, of a generator that begins to move"""
FROM = 0.08
SOURCE = "samples of fixed latents stand still though the critic tells them from the data"


def generator_stalled(history: History) -> Finding | None:
    """Samples of fixed latents do not move though they are far from the data."""
    levels = Levels(history)
    samples, move, age = samples_of(levels), levels.level("move"), levels.age
    way = _way(levels)
    with np.errstate(invalid="ignore"):
        still = np.where(np.isnan(way), move < STILL, way < WAY)
        far = samples.bad | (levels.level("accuracy") >= TOLD_APART) | (levels.level("bins_different") >= OTHER_BINS)
        far |= levels.level("copy_ratio") > AWAY
        distance = levels.level("distance_ratio")
        fell = (distance < POINT) | ((distance < ALIKE) & (levels.total("move") > MOVED))
    with np.errstate(invalid="ignore"):
        starts = levels.growth("move") >= STARTS
    holds = still & far & ~fell & ~starts & (age >= FROM)
    known = np.where(np.isnan(way), between(move, STILL, 5e-5), between(way, WAY, WAY / 30))
    fields = ("move", "generator_gradient", "accuracy", "distance_ratio")
    return levels.finding(
        "generator_stalled",
        holds,
        known,
        said(levels, *fields, most=3),
        SOURCE,
        missing=int(not levels.has("generator_gradient")) + int(not levels.has("accuracy")),
    )


def _way(levels: Levels) -> Column:
    """Deviations that samples would move over the planned rounds at their present rate; NaN where not known."""
    planned = levels.latest("rounds")
    with np.errstate(invalid="ignore"):
        return np.where(planned > 0, levels.level("move_rate") * planned, math.nan)
