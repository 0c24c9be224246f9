"""Health: samples as wide as the data or on their way there, with a critic that learns."""

from __future__ import annotations

import math

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.distance import distance_of
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between
from steadygan.diagnostics.verdicts.samples import WIDE

FROM = 0.2
"""share of the run from which health is said"""
LEAST_LOOKS = 4
WIDE_ENOUGH = 0.5
"""distance ratio, now or by its trend; .81 to .91 at the end of healthy runs [measured small-scale]"""
FIELDS = ("energy", "distance_ratio", "classes", "bins_missing", "score", "accuracy", "r_v", "copy_ratio")
SOURCE = "diversity of samples and the critic, level and trend"


def healthy(history: History) -> Finding | None:
    """Samples are as wide as the data or on their way there; only meant where no fault is found."""
    levels = Levels(history)
    distance, outlook = levels.level("distance_ratio"), levels.outlook("distance_ratio")
    classes, missing = levels.level("classes"), levels.level("bins_missing")
    with np.errstate(invalid="ignore"):
        wide = ((distance >= WIDE_ENOUGH) | (outlook >= WIDE_ENOUGH)) & (distance <= WIDE)
        counted = np.where(np.isnan(missing), classes >= WIDE_ENOUGH, missing <= 0.5)
        holds = np.where(np.isnan(distance), counted, wide) & (levels.age >= FROM) & ~distance_of(levels).far
    holds[: LEAST_LOOKS - 1] = False
    absent = sum(math.isnan(levels.level(field)[-1]) for field in ("accuracy", "bins_missing")) if levels.looks else 0
    strength = between(distance, 0.2, 0.8)
    return levels.finding(
        "healthy", holds.astype(bool), strength, said(levels, *FIELDS, most=4), SOURCE, missing=absent
    )
