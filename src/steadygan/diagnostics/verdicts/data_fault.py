"""A fault of the data: copies, blank samples, constant values, or another distribution than the held-out samples'."""

from __future__ import annotations

import numpy as np

from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.evidence import said
from steadygan.diagnostics.verdicts.levels import Levels, Mask, between, strongest

DUPLICATES, BLANK, CONSTANT = 0.5, 0.1, 0.9
"""shares; 92% copies and half blank samples trained with losses that look healthy [measured small-scale]. Padded
pictures have .1 to .3 of constant values, and short lines of text some copies."""
WIDER, NARROWER = 1.3, 0.7
"""spread of held-out samples over that of training samples; equal in expectation for one distribution"""
SURE = 4.0
"""standard errors from 1: 16 held-out samples, or heavy tails, may lie a third apart by chance"""
SOURCE = "a count over the data: losses look healthy whatever it is"


def data_fault(history: History) -> Finding | None:
    """Half of the samples copies, a tenth blank, nine tenths constant, or held-out data of another spread."""
    levels = Levels(history)
    duplicates, blank = levels.latest("data_duplicates"), levels.latest("data_blank")
    constant, spread = levels.latest("data_constant"), levels.latest("data_spread_ratio")
    errors = levels.latest("data_spread_errors")
    spread = np.where(errors < SURE, 1.0, spread)  # NaN in older logs: as it is
    with np.errstate(invalid="ignore"):
        tests: dict[str, Mask] = {
            "data_duplicates": duplicates >= DUPLICATES,
            "data_blank": blank >= BLANK,
            "data_constant": constant >= CONSTANT,
            "data_spread_ratio": (spread >= WIDER) | (spread <= NARROWER),
        }
    strength = strongest(
        between(duplicates, DUPLICATES, 0.9),
        between(blank, BLANK, 0.4),
        between(constant, CONSTANT, 1.0),
        between(spread, WIDER, 2.0),
        between(spread, NARROWER, 0.4),
    )
    fields = [field for field, test in tests.items() if len(test) and test[-1]]
    holds: Mask = np.any(list(tests.values()), axis=0)
    return levels.finding("data_fault", holds, strength, said(levels, *fields), SOURCE)
