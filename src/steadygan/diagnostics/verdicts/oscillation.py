"""Oscillation without progress: samples move far and get nowhere."""

from __future__ import annotations

import math

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between, strongest
from steadygan.diagnostics.verdicts.samples import samples_of

FAR, VERY_FAR = 2.0, 6.0
"""deviations of the data from look to look: sqrt(2) is another sample of the data drawn at random. 7 to 11 in a chase;
healthy .1 to .9 and falling, up to 1.4 where looks are far apart [measured small-scale]"""
TOGETHER, MOVING = 2.5, 0.65
"""moves over what samples differ by among themselves, and moves: all of them go the same way"""
BACK = 0.35
"""directness: of a random walk over 8 looks .38; samples that settle turn back too, but are where the data is"""
OTHERS = 0.5
"""share of the samples in other bins than a look before"""
FROM = 0.42
SOURCE = "rotation around the equilibrium (Mescheder et al. 2018: R1 damps it)"


def oscillation(history: History) -> Finding | None:
    """Samples move further than to any other sample of the data, or all together and back, and do not settle."""
    levels = Levels(history)
    move, directness, samples = levels.level("move"), levels.level("directness"), samples_of(levels)
    with np.errstate(all="ignore"):
        own = math.sqrt(2) * levels.level("distance_ratio")
        together = (move > MOVING) & (move > TOGETHER * own) & (directness < BACK)
        changed = levels.level("bins_moved")
        others = (changed >= OTHERS) & (move > MOVING)
        holds = ((move > FAR) | together | others) & ~(directness > 0.6) & (levels.age >= FROM)
        holds &= (~(levels.outlook("move") < MOVING) | others) & (samples.bad | ~samples.known)
        way = np.where(together, between(move / own, TOGETHER, 10), 0.0)
    strength = strongest(between(move, FAR, VERY_FAR), way, np.where(others, between(changed, OTHERS / 2, 1), 0.0))
    evidence = said(levels, "move", "directness", *samples.fields, most=3)
    return levels.finding("oscillation", holds, strength, evidence, SOURCE, missing=int(not levels.has("directness")))
