"""Partial mode collapse: parts of the data without samples."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.distance import distance_of
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, Mask, between, strongest
from steadygan.diagnostics.verdicts.samples import samples_of

MISSING, MISSING_AT_END = 0.5, 0.3
"""bins without samples, now and by their trend; up to .46 at single looks of healthy runs [measured small-scale]"""
CLASSES, CLASSES_AT_END = 0.65, 0.75
"""classes of the data's; 8 to 10 of 10 healthy, 1 to 3 failing [measured small-scale]"""
NARROW, NARROW_AT_END = 0.45, 0.55
"""distance ratio; .1 to .21 with 1 or 2 modes, .81 to .91 healthy [measured small-scale]"""
EFFECTIVE = 0.5
"""bins that samples fill, counted by entropy, over the data's"""
FROM = 0.35
"""share of the run: modes appear one after the other"""
SOURCE = "modes lost (PacGAN, Lin et al. 2018; NDB, Richardson & Weiss 2018)"


def partial_collapse(history: History) -> Finding | None:
    """Bins or classes of the data without samples, or samples half as wide as it, after a third of the run."""
    levels = Levels(history)
    missing, classes, spread = (levels.level(name) for name in ("bins_missing", "classes", "distance_ratio"))
    with np.errstate(invalid="ignore"):
        tests: dict[str, Mask] = {
            "bins_missing": (missing >= MISSING) & ~(levels.outlook("bins_missing") < MISSING_AT_END),
            "classes": (classes <= CLASSES) & ~(levels.outlook("classes") > CLASSES_AT_END),
            "distance_ratio": (spread <= NARROW) & ~(levels.outlook("distance_ratio") > NARROW_AT_END),
        }
        holds = np.any(list(tests.values()), axis=0) & (levels.age >= FROM) & ~samples_of(levels).improving
        distance = distance_of(levels)
        few = levels.level("bins_effective") <= EFFECTIVE
        tests["bins_effective"] = few & distance.far & ~distance.falling
        holds = np.where(
            distance.known, (few | holds) & distance.far & ~distance.falling & (levels.age >= FROM), holds
        ).astype(bool)
    strength = strongest(
        between(missing, MISSING, 0.8), between(classes, CLASSES, 0.3), 0.8 * between(spread, NARROW, 0.15)
    )
    fields = [field for field, test in tests.items() if len(test) and test[-1]]
    counted = levels.has("bins_missing") or levels.has("classes")
    fields += [field for field in ("energy", "bins_different", "rank_ratio") if field not in fields]
    evidence = said(levels, *fields, most=3)
    return levels.finding("partial_collapse", holds, strength, evidence, SOURCE, missing=0 if counted else 2)
