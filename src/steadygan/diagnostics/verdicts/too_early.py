"""Too early to say, or too little in the log to say it."""

from __future__ import annotations

from steadygan.diagnostics.findings import Evidence, Finding
from steadygan.diagnostics.history import History
from steadygan.diagnostics.verdicts.healthy import FROM, LEAST_LOOKS
from steadygan.diagnostics.verdicts.levels import Levels

SAMPLE_FIELDS = ("distance_ratio", "bins_missing", "classes")
SOURCE = "healthy runs look collapsed at first, and losses alone do not tell [lesson 2]"


def too_early(history: History) -> Finding:
    """What is missing for another verdict; it always can be said."""
    levels = Levels(history)
    evidence: list[Evidence] = []
    if levels.looks < LEAST_LOOKS:
        evidence.append(Evidence("round", levels.looks, f"{levels.looks} looks so far; needed: {LEAST_LOOKS}"))
    if levels.looks and levels.age[-1] < FROM:
        share = f"{100 * levels.age[-1]:.0f}% of the run is done; health shows from {100 * FROM:.0f}% on"
        evidence.append(Evidence("rounds", float(levels.age[-1]), share))
    if not any(levels.has(field) for field in SAMPLE_FIELDS):
        text = "nothing in the log is of samples (distance_ratio, bins_missing or classes), and losses do not tell"
        evidence.append(Evidence("distance_ratio", "absent", text))
    elif not evidence:
        evidence.append(Evidence("distance_ratio", "unclear", "samples are neither clearly on their way nor at fault"))
    since = int(levels.rounds[0]) if levels.looks else 0
    return Finding("too_early", since, 0.5, tuple(evidence), SOURCE)
