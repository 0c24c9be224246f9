"""An adaptive augmentation that has gone as far as it can: the critic overfits all the same."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between, strongest

HIGH = 0.85
"""probability; 0 to .8 healthy, above it augmentations leak into samples (ADA, Karras et al. 2020, section 3)"""
AT_BOUND = 0.98
"""share of the bound"""
SOURCE = "augmentations leak from a probability near 1 on (ADA, Karras et al. 2020, section 2.2)"


def augmentation_exhausted(history: History) -> Finding | None:
    """The probability is above .85 or at its bound, and does not fall."""
    levels = Levels(history)
    probability, bound = levels.level("augmentation"), levels.latest("augmentation_bound")
    with np.errstate(all="ignore"):
        at_bound = (probability >= AT_BOUND * bound) & (bound > 0)
        holds = ((probability > HIGH) | at_bound) & ~(levels.growth("augmentation") < 0.95)
    strength = strongest(between(probability, HIGH, 1.2), np.where(at_bound, 0.8, 0.0))
    return levels.finding(
        "augmentation_exhausted", holds, strength, said(levels, "augmentation", "r_v", "training_samples"), SOURCE
    )
