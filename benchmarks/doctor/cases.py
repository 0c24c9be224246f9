"""Kept logs judged: the first stable verdict on each training, when it stood, and whether it is right."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.doctor.labels import Label, label
from benchmarks.doctor.split import Split, new_parts, split_of
from benchmarks.doctor.suite import LOGS, OUTCOMES, finished, kept_log, trainings
from benchmarks.doctor.trainings import Training
from steadygan.diagnostics.fields import Row
from steadygan.diagnostics.findings import Diagnosis
from steadygan.diagnostics.log import from_json

STABLE = 3
"""looks in a row with one fault as the main finding, for a verdict to count"""
DEADLINE, AFTER_ONSET = 0.6, 0.25
"""share of the run until which a verdict is not late; or so much after the last good checkpoint, if that is later"""
HEALTHY, NONE = "healthy", "none"

Timeline = Callable[[Iterable[Row]], Iterable[Diagnosis]]
"""Rows of a log to the diagnosis at each look"""


@dataclass(frozen=True)
class Said:
    """What the doctor said of a training."""

    verdict: str
    """the first stable fault; else 'healthy'"""
    at: float
    """share of the planned rounds at which it stood; 1 for 'healthy'"""
    confidence: float = 0.0
    """of the fault as it was said then"""


@dataclass(frozen=True)
class Case:
    """A training with its label and what was said of it."""

    training: Training
    split: Split
    new: tuple[str, ...]
    """what of it no seen training has"""
    label: Label
    said: Said

    @property
    def late(self) -> bool:
        """True for a fault that was said too late to help; one that stopped the run is never late."""
        if self.label.non_finite or self.said.verdict == HEALTHY:
            return False
        return self.said.at > max(DEADLINE, min(1.0, self.label.onset + AFTER_ONSET))

    @property
    def right(self) -> bool:
        """True if the verdict is a right answer for the label, in time."""
        if self.label.name == HEALTHY:
            return self.said.verdict == HEALTHY
        return self.said.verdict in self.label.accepted and not self.late


def said_of(diagnoses: Iterable[Diagnosis], rounds: int) -> Said:
    """The first fault that was the main finding at three looks in a row; a divergence counts at the last look alone.

    A run that ends with a value that is not finite ends its log, too.
    """
    last: deque[Diagnosis] = deque(maxlen=STABLE)
    for now in diagnoses:
        last.append(now)
        if now.sick and len(last) == STABLE and len({each.main.verdict for each in last}) == 1:
            return _said(now, rounds)
    ended = bool(last) and last[-1].main.verdict == "diverged"
    return _said(last[-1], rounds) if ended else Said(HEALTHY, 1.0)


def _said(now: Diagnosis, rounds: int) -> Said:
    return Said(now.main.verdict, min(1.0, now.round / rounds), now.main.confidence)


def judged(
    timeline: Timeline, *, split: Split | None = None, outcomes: Path = OUTCOMES, logs: Path = LOGS
) -> list[Case]:
    """All trainings with an outcome and a log, judged; ambiguous ones among them.

    Args:
        timeline: the doctor
        split: 'seen' or 'unseen'; None: both
        outcomes: file of outcomes
        logs: folder of signal logs
    """
    kept, cases = finished(outcomes, logs), list[Case]()
    for training in trainings():
        if training.name not in kept or split not in (None, split_of(training)):
            continue
        made = label(kept[training.name])
        said = Said(HEALTHY, 1.0)
        if made.name != "ambiguous":
            rows = tuple(map(from_json, kept_log(training.name, logs)))
            said = said_of(timeline(rows), training.rounds)
        cases.append(Case(training, split_of(training), new_parts(training), made, said))
    return cases
