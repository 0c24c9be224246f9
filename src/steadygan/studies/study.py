"""A study: a question, the trials that answer it at three scales, figure, table and claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from steadygan.studies.claims import Claim
from steadygan.studies.results import Results
from steadygan.studies.trial import Outcome, Trial

Scale = Literal["smoke", "laptop", "paper"]
SCALES: tuple[Scale, ...] = ("smoke", "laptop", "paper")


@dataclass(frozen=True)
class Plot:
    """A figure of a study."""

    name: str
    """of its file, without ending"""
    caption: str
    image: Any
    """a matplotlib Figure, or a PIL image"""


@dataclass(frozen=True)
class Table:
    """A table of a study; numbers are written with three digits."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str | float | int]]
    note: str = ""
    """what its numbers are, and which of them must not be compared"""


@dataclass(frozen=True)
class Study:
    """An experiment: the same at any scale but for size, rounds and seeds."""

    name: str
    """on the command line, with hyphens"""
    question: str
    """one sentence, with a question mark"""
    source: str
    """paper, figure or table, section"""
    shows: str
    """one or two sentences on what the paper's figure or table shows"""
    trials: Callable[[Scale, Sequence[int]], Sequence[Trial]]
    """of a scale with these seeds, each with a name of its own; imports no torch"""
    plots: Callable[[Results], Sequence[Plot]]
    """of the trials that are finished, which may be few"""
    table: Callable[[Results], Table]
    claims: tuple[Claim, ...]
    seeds: Mapping[Scale, int] = field(default_factory=lambda: {"smoke": 1, "laptop": 3, "paper": 3})
    """how many, where none are asked for"""
    limits: str = ""
    """how the laptop scale differs from the paper's, and what it therefore cannot tell"""
    of_failure: Outcome | None = None
    """what a trial measured whose training failed (diverged), where that is an outcome like others; its row has
    ``failure``, the line of the error, too. None: such a trial is no result, and the study is not complete"""
