"""A Wasserstein critic that is far from 1-Lipschitz: its estimate and its gradient are out of scale."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, between
from steadygan.diagnostics.verdicts.samples import samples_of

STEEP, MOST = 6.0, 100.0
"""95% quantile of slopes; 1.2 at lambda 10, 3.8 at .1, 14 clipped at .1, 7e4 without constraint [small-scale]"""
ALONE = 30.0
"""from which it counts whatever the samples are"""
FROM = 0.1
SOURCE = "the Lipschitz constraint of the Wasserstein loss (WGAN-GP, Gulrajani et al. 2017, section 4)"


def lipschitz_not_held(history: History) -> Finding | None:
    """Slopes of a Wasserstein critic far above 1, with samples far from the data, or above 30."""
    levels = Levels(history)
    samples, high = samples_of(levels), levels.level("slope_high")
    with np.errstate(invalid="ignore"):
        harm = samples.bad | ~samples.known | (high > ALONE)
        holds = (high > STEEP) & ~np.isnan(levels.level("wasserstein")) & harm & ~samples.fine & (levels.age >= FROM)
    evidence = said(levels, "slope_high", "wasserstein", *samples.fields, most=3)
    missing = int(not samples.known[-1]) if levels.looks else 0
    return levels.finding("lipschitz_not_held", holds, between(high, STEEP, MOST), evidence, SOURCE, missing=missing)
