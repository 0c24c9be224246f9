"""The cost of a study before it begins, by measured speed, and its rounds fitted to a time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from steadygan.errors import SteadyganError, UsageError
from steadygan.studies.definition import Definition
from steadygan.studies.study import Study
from steadygan.studies.trial import Setting, Trial
from steadygan.studies.words import settings_text
from steadygan.system import progress
from steadygan.system.words import counted, duration, number

MARGIN = 1.15
"""of the measured time: logging, checkpoints, what is measured of a finished training"""
START = 6.0
"""seconds until a worker has loaded what it needs"""


@dataclass(frozen=True)
class Cost:
    """What the trials of one setting take, one after another."""

    settings: Mapping[str, Setting]
    trials: int
    rounds: int
    """of each"""
    seconds_per_round: float
    before: float = 0.0
    """seconds of each that do not depend on its rounds"""
    facts: Mapping[str, str] = field(default_factory=dict)
    """of what is trained, in words"""
    unknown: str = ""
    """why it could not be measured"""

    def of_trial(self, share: float = 1.0) -> float:
        """Seconds of one trial with a share of its rounds."""
        return self.before + MARGIN * self.rounds_with(share) * self.seconds_per_round

    def rounds_with(self, share: float) -> int:
        """The rounds of one trial with a share of them, as ``Trial.fitted`` has them."""
        return max(1, round(share * self.rounds))


def measured(definition: Definition, study: Study | None = None) -> tuple[Cost, ...]:
    """The cost of each setting, with one thread on this machine; each takes a second or two to measure."""
    study = study or definition.made()
    groups: dict[str, list[Trial]] = {}
    for trial in definition.trials(study):
        groups.setdefault(repr(sorted(trial.settings.items())), []).append(trial)
    with definition.conditions():
        return tuple(_cost(group) for group in progress.steps("measuring speeds", list(groups.values())))


def _cost(trials: Sequence[Trial]) -> Cost:
    work = trials[0].work
    facts: Mapping[str, str] = {}
    seconds, unknown = 0.0, ""
    try:
        seconds = work.seconds_per_round()  # first: it loads what a worker loads once
        began = time.monotonic()
        if callable(tell := getattr(work, "facts", None)):
            facts = dict(tell())
        before = time.monotonic() - began
        if callable(besides := getattr(work, "seconds_besides", None)):
            before += besides()
    except SteadyganError as error:
        before, unknown = 0.0, str(error)
    return Cost(trials[0].settings, len(trials), work.rounds, seconds, before, facts, unknown)


def seconds_with(costs: Sequence[Cost], workers: int, share: float = 1.0) -> float:
    """Seconds until so many workers, which take the trials one after another, have done them all."""
    ends = [START if workers > 1 else 0.0] * max(1, workers)
    for cost in costs:
        for _ in range(cost.trials):
            ends[ends.index(min(ends))] += cost.of_trial(share)
    return max(ends)


def fitted_share(costs: Sequence[Cost], minutes: float, workers: int, spent: float = 0.0) -> float:
    """The share of the rounds with which the whole study takes so long.

    Args:
        costs: of its settings
        minutes: for the whole study
        workers: that share it
        spent: seconds of that time which are over

    Raises:
        UsageError: for a time that is too short for one round each, or a cost that could not be measured.
    """
    unknown = next((cost.unknown for cost in costs if cost.unknown), "")
    if unknown:
        raise UsageError(f"--minutes: the cost of a trial cannot be measured: {unknown}")
    seconds, least = 60 * minutes - spent, 1 / max(2, *(cost.rounds for cost in costs)) / 2
    shortest = seconds_with(costs, workers, least)
    if shortest > seconds:
        after = f", {duration(spent)} of measuring among them" if spent >= 1 else ""
        raise UsageError(
            f"--minutes is {minutes:g}; with one round a trial the study takes {(spent + shortest) / 60:.1f} minutes "
            f"with {counted(workers, 'worker')}{after}"
        )
    low, high = least, 1e6
    if seconds_with(costs, workers, high) <= seconds:  # nothing has rounds to fit
        return 1.0
    for _ in range(60):
        middle = (low * high) ** 0.5
        low, high = (middle, high) if seconds_with(costs, workers, middle) <= seconds else (low, middle)
    return float(f"{low:.4g}") if float(f"{low:.4g}") <= low else low


def plan_lines(definition: Definition, study: Study, costs: Sequence[Cost], workers: int) -> list[str]:
    """The plan, for people: each setting with what it trains and its cost, and the cost of all."""
    trials = sum(cost.trials for cost in costs)
    lines = [
        f"{study.name}, {definition.scale} scale: {counted(len(costs), 'setting')} x "
        f"{counted(len(definition.seeds), 'seed')}, {counted(trials, 'trial')}"
    ]
    for cost in costs:
        settings = settings_text(cost.settings) or "one setting"
        rounds = cost.rounds_with(definition.share)
        if cost.unknown:
            lines.append(f"  {settings}: {counted(rounds, 'round')}; its cost is unknown: {cost.unknown}")
            continue
        words = [counted(rounds, "round")]
        if cost.seconds_per_round:
            words.append(f"{number(1000 * cost.seconds_per_round)} ms each")
        words.append(f"{duration(cost.of_trial(definition.share))} a trial")
        lines.append(f"  {settings}: {', '.join(words)}")
        if cost.facts:
            lines.append(f"    {'; '.join(f'{name} {value}' for name, value in cost.facts.items())}")
    work = sum(cost.trials * cost.of_trial(definition.share) for cost in costs)
    lines.append(
        f"together {duration(work)} of work with one thread a trial on this machine; with "
        f"{counted(workers, 'worker')} about {duration(seconds_with(costs, workers, definition.share))}"
    )
    return lines
