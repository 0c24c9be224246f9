"""Too little data: few training samples, seen many times, and a critic that shows it."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.critic_overfitting import unharmed
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between

FEW, VERY_FEW = 5_000, 100
"""training samples: below 5,000 faces without augmentation fail at 256 px (ADA, Karras et al. 2020, figure 1)"""
PASSES, OFTEN = 5.0, 100.0
"""times that each sample was seen, and from which two standard errors of so few samples' r_v are enough"""
NOISY = 7
"""looks of a median of r_v"""
FROM = 0.1
LOST, AUGMENTED = 0.06, 0.5
"""r_v and adaptive augmentation that show it; healthy r_v up to .03 [measured small-scale]"""
UNSURE = -2.0
"""the copying statistic C_T (Meehan et al. 2020), above which nearness to training samples may be chance"""
SOURCE = "quality against the number of samples (ADA, Karras et al. 2020, figure 1; DiffAugment, Zhao et al. 2020)"


def too_little_data(history: History) -> Finding | None:
    """Fewer than 5,000 samples, seen five times, with held-out scores, copies or augmentation that show it."""
    levels = Levels(history)
    count, seen, r_v = levels.latest("training_samples"), levels.latest("seen"), levels.level("r_v", NOISY)
    with np.errstate(all="ignore"):
        lost = (r_v >= LOST) & ~unharmed(levels)
        if levels.has("gap_error", "gap_train"):
            gap = levels.level("gap_train", NOISY)
            sure = np.where(
                (count <= VERY_FEW) & (seen >= OFTEN * count), 2, 3
            )  # few leave little doubt, before any score
            lost &= (gap > 0) & (r_v > sure * levels.level("gap_error", NOISY) / gap)
        shown = lost | (levels.level("augmentation") >= AUGMENTED)
        copies = (levels.level("copy_ratio") < 0.9) & ~(levels.level("copy_z") > UNSURE)
        shown |= copies & ~(levels.level("distance_ratio") < 0.3)
        holds = (count < FEW) & ~(seen < PASSES * count) & shown & (levels.age >= FROM)
    strength = between(count, FEW, VERY_FEW)
    evidence = said(levels, "training_samples", "r_v", "copy_ratio", "augmentation", most=3)
    return levels.finding("too_little_data", holds, strength, evidence, SOURCE, missing=int(not levels.has("seen")))
