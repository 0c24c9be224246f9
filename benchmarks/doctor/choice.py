"""Which failing trainings advice is tried on, by a fixed rule, and what is tried on each."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from benchmarks.doctor.cases import HEALTHY, Case
from benchmarks.doctor.labels import FAILURES
from benchmarks.doctor.materials import Source, open_source
from benchmarks.doctor.trainings import Training
from benchmarks.doctor.trial import recipe_of
from steadygan.diagnostics import edits
from steadygan.diagnostics.advice import Change, changes
from steadygan.diagnostics.findings import Finding
from steadygan.types import SampleSpec

Arm = Literal["advice", "another seed", "half the rate"]
ARMS: tuple[Arm, ...] = get_args(Arm)
RIGHT, WRONG = 20, 5
"""trainings whose first stable verdict is right, and as an extra of whom it is wrong"""
SEEDS = (1_001, 1_002, 1_003)
"""of each arm, none of them a training's own"""
NO_ADVICE = "data_fault"
"""an outcome, and a verdict, that no field of a recipe changes"""


@dataclass(frozen=True)
class Chosen:
    """A failing training and the doctor's first advice for it."""

    case: Case
    change: Change

    @property
    def name(self) -> str:
        """Of the training."""
        return self.case.training.name


@dataclass(frozen=True)
class Attempt:
    """One training with an arm's changes and a seed."""

    training: Training
    """with that seed"""
    of: str
    """name of the failing training"""
    arm: Arm
    changed: Mapping[str, str] = field(hash=False)
    """options to values"""

    @property
    def name(self) -> str:
        """Of its line and its folder."""
        return f"{self.of}/{self.arm.replace(' ', '-')}/{self.training.seed}"

    @property
    def command(self) -> str:
        """The training as a command, but for its data; a kept line is one of this command."""
        return " ".join([self.training.command, *(f"{name} {value}" for name, value in self.changed.items())])


def chosen(cases: Iterable[Case], *, right: int = RIGHT, wrong: int = WRONG) -> list[Chosen]:
    """The trainings that advice is tried on, those with a right verdict first.

    Of those that failed by their outcome, with a fault that a recipe may undo, and of which a fault was said: one of
    each mechanism, then a second one of each, and so on; mechanisms and trainings in the order of their hashes.
    """
    fit = [case for case in cases if case.label.name in FAILURES and case.label.name != NO_ADVICE]
    fit = [case for case in fit if case.said.verdict not in (HEALTHY, NO_ADVICE)]
    picked = [case for case in spread(fit) if case.right][:right], [case for case in spread(fit) if not case.right]
    found = [Chosen(case, change) for case in picked[0] if (change := first_advice(case)) is not None]
    return found + [Chosen(case, change) for case in picked[1][:wrong] if (change := first_advice(case)) is not None]


def spread(cases: Iterable[Case]) -> list[Case]:
    """In turns over the mechanisms, in the order of hashes."""
    groups: dict[str, list[Case]] = defaultdict(list)
    for case in sorted(cases, key=lambda case: _hash(case.training.name)):
        groups[mechanism_of(case.training)].append(case)
    turns = sorted(groups, key=_hash)
    longest = max(map(len, groups.values()), default=0)
    return [groups[name][turn] for turn in range(longest) for name in turns if turn < len(groups[name])]


def mechanism_of(training: Training) -> str:
    """What was changed; all usual settings are one."""
    return "usual" if training.mechanism.startswith("usual") else training.mechanism


def first_advice(case: Case) -> Change | None:
    """The first change that the doctor advises for what it said."""
    sample = sample_of(case.training.source.base)
    finding = Finding(case.said.verdict, 0, 1.0, ())  # type: ignore[arg-type]
    return next(iter(changes(finding, recipe_of(case.training, sample), sample)), None)


def attempts(each: Chosen, seeds: Sequence[int] = SEEDS) -> list[Attempt]:
    """What is trained for one of them: every arm with every seed."""
    training = each.case.training
    sample = sample_of(training.source.base)
    half = edits.rates(recipe_of(training, sample), generator=0.5, critic=0.5)
    arms: dict[Arm, Mapping[str, str]] = {
        "advice": each.change.fields,
        "another seed": {},
        "half the rate": {f"--{path}": value for path, value in half.items()},
    }
    return [
        Attempt(dataclasses.replace(training, seed=seed), training.name, arm, changed)
        for arm, changed in arms.items()
        for seed in seeds
    ]


@functools.cache
def sample_of(base: str) -> SampleSpec:
    """The shape of a data set's samples."""
    return open_source(Source(base)).dataset.sample


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
