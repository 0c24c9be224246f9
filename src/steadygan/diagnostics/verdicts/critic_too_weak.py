"""A critic that does not tell samples from the data although they differ."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between, strongest
from steadygan.diagnostics.verdicts.samples import samples_of

CHANCE = 0.6
"""accuracy of the best threshold; .65 to .98 healthy, .50 failing [measured small-scale]"""
BEST = 0.1
"""relative rise of the gap by more steps of the critic, below which it is at its best; 1 for one that knew nothing. A
critic with a rate that is too low does not rise either: it counts only while real samples score above generated ones"""
FROM = 0.15
SOURCE = "a critic must be near its best for its gradient to mean something (WGAN, Algorithm 1; TTUR [lesson 9])"


def critic_too_weak(history: History) -> Finding | None:
    """Scores on fresh samples do not tell them apart, though samples are far off."""
    levels = Levels(history)
    samples, rise = samples_of(levels), levels.level("rise")
    accuracy, gap = levels.level("accuracy"), levels.level("gap")
    with np.errstate(invalid="ignore"):
        blind = np.where(np.isnan(accuracy), gap <= 0, (accuracy < CHANCE) | (gap <= 0))
        # at the end of a good run a critic sees little too, and would learn more alone: samples decide
        blind &= ~(levels.has("k_rail") & (gap > 0))  # BEGAN holds its critic where it tells little
        holds = blind & samples.bad & ~samples.widening & ~((rise < BEST) & (gap > 0)) & (levels.age >= FROM)
    strength = strongest(between(accuracy - 0.5, 0.1, 0.01), np.where(gap <= 0, 0.7, 0.0)) * np.where(
        np.isnan(rise), 0.6 + 0.4 * samples.strength, strongest(between(rise, 0.1, 0.8), samples.strength)
    )
    fields = ("accuracy", "gap", "rise", *samples.fields)
    return levels.finding(
        "critic_too_weak", holds, strength, said(levels, *fields, most=4), SOURCE, missing=int(not levels.has("rise"))
    )
