"""Oscillation without progress: samples move far and get nowhere."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between, strongest
from steadygan.diagnostics.verdicts.samples import samples_of

FAR, VERY_FAR = 1.2, 5.0
"""deviations of the data from look to look: sqrt(2) is another sample drawn at random; 7 to 11 in a chase, .1 to .9
and falling healthy [measured small-scale]"""
RESTLESS, BACK = 0.5, 0.25
"""the same with a directness at which samples come back to where they were"""
FROM = 0.2
SOURCE = "rotation around the equilibrium (Mescheder et al. 2018, R1 damps it)"


def oscillation(history: History) -> Finding | None:
    """Samples of fixed latents move further than to another sample of the data, or far and back, and do not settle."""
    levels = Levels(history)
    move, directness, samples = levels.level("move"), levels.level("directness"), samples_of(levels)
    with np.errstate(invalid="ignore"):
        back = (move > RESTLESS) & (directness < BACK)
        holds = ((move > FAR) | back) & ~(levels.outlook("move") < RESTLESS) & (levels.age >= FROM)
        holds &= samples.bad | ~samples.known | (levels.level("bins_different") >= 0.9)
    strength = strongest(between(move, RESTLESS, VERY_FAR), np.where(back, between(directness, BACK, 0.03), 0))
    evidence = said(levels, "move", "directness", *samples.fields)[:3]
    return levels.finding("oscillation", holds, strength, evidence, SOURCE, missing=int(not levels.has("directness")))
