"""What came of the advice: shares of healthy trainings, medians beside those of the other arms, what it confuses."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.doctor.choice import ARMS, Arm, Attempt, Chosen
from benchmarks.doctor.labels import BAD, GOOD
from benchmarks.doctor.shares import wilson

SHORT: dict[Arm, str] = {"advice": "advice", "another seed": "seed", "half the rate": "half"}


@dataclass(frozen=True)
class Tried:
    """A failing training with what came of each arm."""

    chosen: Chosen
    labels: Mapping[Arm, tuple[str, ...]]
    """of the seeds that are done"""
    excess: Mapping[Arm, float]
    """median over the seeds; infinite where values were not finite"""
    complete: bool
    """all seeds of all arms are done"""

    def healthy(self, arm: Arm) -> int:
        """Seeds that are healthy."""
        return self.labels[arm].count("healthy")

    def turned(self, arm: Arm) -> bool:
        """True if most seeds are healthy."""
        return 2 * self.healthy(arm) > len(self.labels[arm])

    @property
    def beats(self) -> tuple[bool, ...]:
        """If the advice has a lower excess than each other arm."""
        return tuple(self.excess["advice"] < self.excess[arm] for arm in ARMS[1:])


def tried(chosen: Chosen, kept: Sequence[tuple[Attempt, Mapping[str, Any] | None]]) -> Tried:
    """What came of a training's attempts; None for one that is not done."""
    done = {arm: [found for attempt, found in kept if attempt.arm == arm and found] for arm in ARMS}
    labels = {arm: tuple(str(found["label"]) for found in done[arm]) for arm in ARMS}
    excess = {
        arm: statistics.median(math.inf if found["excess"] is None else found["excess"] for found in done[arm])
        for arm in ARMS
        if done[arm]
    }
    return Tried(chosen, labels, excess, all(found is not None for _, found in kept))


def lines(found: Sequence[Tried]) -> list[str]:
    """The report in markdown."""
    complete = [each for each in found if each.complete]
    right = [each for each in complete if each.chosen.case.right]
    wrong = [each for each in complete if not each.chosen.case.right]
    text = [f"{len(complete)} of {len(found)} trainings are done.", ""] if len(complete) < len(found) else []
    for title, part in (("The verdict was right", right), ("The verdict was wrong", wrong)):
        if part:
            text += [f"### {title}", "", *_numbers(part), "", *_table(part), ""]
    return [*text, *_confusion(right)]


def _numbers(part: Sequence[Tried]) -> list[str]:
    rows = ["| number | value |", "|---|---|"]
    turned = {arm: sum(each.turned(arm) for each in part) for arm in ARMS}
    rows += [f"| most seeds healthy with {arm} | {wilson(turned[arm], len(part))} |" for arm in ARMS]
    rows += [f"| the advice beats both by median excess | {wilson(sum(all(x.beats) for x in part), len(part))} |"]
    beaten = {arm: sum(each.beats[index] for each in part) for index, arm in enumerate(ARMS[1:])}
    return rows + [f"| it beats {arm} | {wilson(count, len(part))} |" for arm, count in beaten.items()]


def _table(part: Sequence[Tried]) -> list[str]:
    rows = [
        "Healthy seeds and median excess of each arm (not bad below "
        f"{', '.join(f'{bad:g} {kind}' for kind, bad in BAD.items())}; good up to "
        f"{', '.join(f'{good:g}' for good in GOOD.values())}):",
        "",
        "| training | outcome | said | advice | advice | seed | half |",
        "|---|---|---|---|---|---|---|",
    ]
    for each in part:
        case, change = each.chosen.case, each.chosen.change
        numbers = [f"{each.healthy(arm)}/{len(each.labels[arm])}, {_short(each.excess[arm])}" for arm in ARMS]
        said = f"{case.said.verdict} at {100 * case.said.at:.0f}%"
        rows.append(f"| {' | '.join([each.chosen.name, case.label.name, said, change.text, *numbers])} |")
    return rows


def _confusion(part: Sequence[Tried]) -> list[str]:
    """By outcome and verdict: where the advice turned trainings healthy, and what the others came to."""
    groups: dict[tuple[str, str], list[Tried]] = defaultdict(list)
    for each in part:
        groups[each.chosen.case.label.name, each.chosen.case.said.verdict].append(each)
    if not groups:
        return []
    rows = ["### By outcome and verdict", "", "| outcome | said | turned healthy | else |", "|---|---|---|---|"]
    for (outcome, verdict), members in sorted(groups.items()):
        others = sorted({x for each in members for x in each.labels["advice"] if x != "healthy"})
        turned = sum(each.turned("advice") for each in members)
        rows.append(f"| {outcome} | {verdict} | {turned} of {len(members)} | {', '.join(others)} |")
    return rows


def _short(excess: float) -> str:
    return f"{excess:.2f}" if math.isfinite(excess) else "not finite"
