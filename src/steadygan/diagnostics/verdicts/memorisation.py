"""Memorisation: generated samples nearer to training samples than held-out data is."""

from __future__ import annotations

import math

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between, strongest

RATIO, COPIES = 0.9, 0.3
"""of median distances; 1.05 to 1.65 healthy, .81 with 20 images, 0 for copies [measured small-scale]"""
Z, FAR_Z = -4.0, -10.0
"""C_T: standard normal for held-out samples (Meehan et al. 2020)"""
SOURCE = "data copying (Meehan, Chaudhuri & Dasgupta 2020)"


def memorisation(history: History) -> Finding | None:
    """Samples lie nearer to training samples than held-out data does, by ratio and by rank test."""
    levels = Levels(history)
    ratio, z = levels.level("copy_ratio"), levels.level("copy_z")
    with np.errstate(invalid="ignore"):
        holds = np.where(np.isnan(z), ratio < RATIO, (z < Z) & ~(ratio >= RATIO))
        # samples that are all alike lie near to whatever they are
        holds = holds & ~(levels.level("distance_ratio") < 0.3)
    strength = strongest(between(ratio, RATIO, COPIES), 0.7 * between(-z, -Z, -FAR_Z))
    evidence = said(levels, "copy_ratio", "copy_z", "training_samples")
    missing = int(len(z) > 0 and math.isnan(z[-1]))
    return levels.finding("memorisation", holds.astype(bool), strength, evidence, SOURCE, missing=missing)
