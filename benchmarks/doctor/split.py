"""Seen and unseen trainings: rules of the doctor are tuned on the seen ones alone, and scored on the unseen.

A training is unseen if its mechanism, its data set or its method is: another seed makes none.
"""

from __future__ import annotations

from typing import Literal

from benchmarks.doctor.failing import CAUSES
from benchmarks.doctor.trainings import Training

Split = Literal["seen", "unseen"]

SEEN_MECHANISMS = frozenset(
    {
        *("critic-slow", "critic-fast", "generator-dead-slow", "generator-fast", "both-fast", "momentum"),
        *("no-penalty", "penalty-huge", "clip-tight", "clip-wide", "saturating-strong", "critic-narrow"),
        *("few-samples", "duplicates", "blank", "both-very-fast", "grid", "text-fast", "began-gamma"),
    }
)
SEEN_DATA = frozenset({"8gaussians", "25gaussians", "moons", "circle", "line", "digits", "text"})
SEEN_METHODS = frozenset({"gan", "dcgan", "wgan", "wgan-gp", "dragan", "r3gan", "began", "text"})
UNSEEN_MECHANISMS = frozenset(cause.mechanism for cause in CAUSES) - SEEN_MECHANISMS


def new_parts(training: Training) -> tuple[str, ...]:
    """What of a training no seen one has: of 'mechanism', 'data' and 'method'."""
    new = {
        "mechanism": training.mechanism in UNSEEN_MECHANISMS,
        "data": training.source.base not in SEEN_DATA,
        "method": training.recipe not in SEEN_METHODS,
    }
    return tuple(name for name, is_new in new.items() if is_new)


def split_of(training: Training) -> Split:
    """The split that a training belongs to."""
    return "unseen" if new_parts(training) else "seen"
