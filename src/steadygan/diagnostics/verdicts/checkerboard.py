"""Checkerboard artifacts: lines at the periods of the generator's strides."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between

VISIBLE, STRONG = 2.0, 6.0
"""power of lines over that around them; 64 real images against others up to 2, 256 up to 1.24; 2.2 to 6.3 in samples
with a grid that was seen, .9 to 1.7 without [measured small-scale]"""
FROM = 0.4
"""share of the run: early samples have such patterns, and lose them"""
SOURCE = "Deconvolution and Checkerboard Artifacts (Odena, Dumoulin & Olah 2016)"


def checkerboard(history: History) -> Finding | None:
    """Lines of the generator's strides in its images, which do not fade."""
    levels = Levels(history)
    power = levels.level("grid")
    with np.errstate(invalid="ignore"):
        holds = (power >= VISIBLE) & ~(levels.outlook("grid") < VISIBLE) & (levels.age >= FROM)
    return levels.finding("checkerboard", holds, between(power, VISIBLE, STRONG), said(levels, "grid"), SOURCE)
