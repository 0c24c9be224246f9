"""Findings and diagnoses: a verdict on a training with its evidence, its confidence and the round it began."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from steadygan.diagnostics.history import History
from steadygan.system import notebook

VerdictName = Literal[
    "diverged",
    "data_fault",
    "full_collapse",
    "partial_collapse",
    "generator_stalled",
    "critic_too_strong",
    "critic_too_weak",
    "vanishing_gradient",
    "exploding_gradient",
    "clipping",
    "lipschitz_not_held",
    "critic_overfitting",
    "memorisation",
    "augmentation_exhausted",
    "too_little_data",
    "oscillation",
    "checkerboard",
    "healthy",
    "too_early",
]
"""What a training has; 'healthy' and 'too_early' are no faults."""
VERDICTS: tuple[VerdictName, ...] = get_args(VerdictName)
NO_FAULTS: frozenset[VerdictName] = frozenset({"healthy", "too_early"})


class Evidence(NamedTuple):
    """A number that a verdict rests on."""

    field: str
    """of ``fields.FIELDS``"""
    value: float | str
    text: str
    """a clause for a person, with the number: 'samples vary 0.02 times as much as the data (healthy: 0.8 to 1)'"""


@dataclass(frozen=True)
class Finding:
    """A verdict on a log."""

    verdict: VerdictName
    since: int
    """first round at which its evidence held without a break up to now"""
    confidence: float
    """0 to 1: how sure; a share of cases like it in which it was right, where that was measured"""
    evidence: tuple[Evidence, ...]
    source: str = ""
    """the paper or lesson that it rests on"""


@dataclass(frozen=True)
class Diagnosis:
    """What a log says of a training, as of its last look."""

    round: int
    findings: tuple[Finding, ...]
    """the main one first; at least one"""

    @property
    def main(self) -> Finding:
        """The verdict that a change should be made for first."""
        return self.findings[0]

    @property
    def sick(self) -> bool:
        """True if the main finding is a fault."""
        return self.main.verdict not in NO_FAULTS

    def _repr_html_(self) -> str:
        rows = [
            (finding.verdict.replace("_", " "), f"since round {finding.since:,}, {finding.confidence:.0%}: {evidence}")
            for finding in self.findings
            for evidence in ["; ".join(each.text for each in finding.evidence)]
        ]
        return notebook.table([*rows, ("looked at up to round", f"{self.round:,}")])


Rule = Callable[[History], Finding | None]
"""A test for one verdict: a pure function of a log"""
