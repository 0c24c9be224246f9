"""Full mode collapse: all latents give one sample, or nearly so."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between, strongest

POINT, ALIKE, NEARLY = 1e-3, 0.05, 0.15
"""distance ratios: 1e-8 to .05 collapsed at the end; .13 to .6 at a quarter of healthy runs [measured small-scale]"""
POINT_FROM, ALIKE_FROM, NEARLY_FROM = 0.05, 0.15, 0.35
"""shares of the run from which these count"""
RISES = 0.3
"""distance ratio that the trend must reach by the end for a run that is on its way"""
ONE_CLASS, NARROW = 0.15, 0.5
"""class entropy ratio, 0 for one class, of samples that are narrower than the data"""
SOURCE = "mode collapse [lesson 5]; pairwise distance of samples against the data's"


def full_collapse(history: History) -> Finding | None:
    """Samples differ less than .05 times as much as the data and are not on their way up, or are all of one class."""
    levels = Levels(history)
    distance, entropy, age = levels.level("distance_ratio"), levels.level("class_entropy_ratio"), levels.age
    with np.errstate(invalid="ignore"):
        up = levels.outlook("distance_ratio") >= RISES
        alike = (
            ((distance < POINT) & (age >= POINT_FROM) & ~(levels.growth("distance_ratio") >= 3.9))
            | ((distance < ALIKE) & (age >= ALIKE_FROM) & ~up)
            | ((distance < NEARLY) & (age >= NEARLY_FROM) & ~up)
        )
        one_class = (entropy < ONE_CLASS) & (age >= NEARLY_FROM) & ~(levels.outlook("class_entropy_ratio") >= RISES)
        one_class &= ~(distance > NARROW)
    by_classes = np.where(alike | one_class, between(entropy, 0.6, 0.05), 0.0)
    by_bins = np.where(alike, 0.8 * between(levels.level("bins_missing"), 0.6, 0.95), 0.0)
    strength = strongest(np.where(alike, between(distance, NEARLY, ALIKE / 2), 0.0), by_classes, by_bins)
    fields = ("distance_ratio", "duplicates", "class_entropy_ratio", "bins_missing")
    borne_out = levels.has("duplicates") or levels.has("bins_missing") or levels.has("class_entropy_ratio")
    evidence = said(levels, *fields, most=3)
    return levels.finding("full_collapse", alike | one_class, strength, evidence, SOURCE, missing=0 if borne_out else 1)
