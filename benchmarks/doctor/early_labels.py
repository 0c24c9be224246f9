"""What the labels' own numbers tell in the middle of a run: the label of a run's beginning against that of the whole.

    python -m benchmarks.doctor.early_labels [--docs]

The rules of the labels judge the checkpoints of a run's beginning, as if it ended there. Such a judge knows the outcome
numbers exactly, on clean reference samples, and forecasts nothing. Its answer is right if one verdict is right for both
labels; of a training that becomes healthy, if it says no failure. Raw weights were kept for the last checkpoints alone,
so the averaged weights stand for them, and swings between modes are not seen before the end; the critic was probed at
the end alone, and these probes count as known.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, get_args

from benchmarks.common import write_between
from benchmarks.doctor.cases import HEALTHY
from benchmarks.doctor.labels import FAILURES, LATE, Label, label
from benchmarks.doctor.score import FEWEST, PAGE
from benchmarks.doctor.shares import Share, macro, wilson
from benchmarks.doctor.split import Split, split_of
from benchmarks.doctor.suite import finished, trainings

ABOUT = "What the labels' own numbers tell in the middle of a run."
BEGIN, END = "<!-- early labels -->", "<!-- end of early labels -->"
SPLITS: tuple[Split, ...] = get_args(Split)
SHARES = (0.3, 0.4, 0.5, 0.6, 0.8)
"""of the run"""


def beginning(found: Mapping[str, Any], share: float) -> dict[str, Any]:
    """What would have been found of a training that ended at a share of its run."""
    count = max(LATE, round(share * len(found["average"])))
    average = found["average"][:count]
    raw = [{**outcome, "shares": []} for outcome in average[-LATE:]]
    return {**found, "average": average, "moved": found["moved"][: count - 1], "raw": raw}


def is_right(early: Label, whole: Label) -> bool:
    """True if the label of the beginning leads to a right answer about the whole."""
    if whole.name == HEALTHY:
        return early.name not in FAILURES
    return early.name in FAILURES and bool(early.accepted & whole.accepted)


class Scores(NamedTuple):
    """How the labels of beginnings agree with those of whole runs."""

    recall: Share
    false_alarms: Share


def scores(found: Sequence[Mapping[str, Any]], share: float) -> Scores:
    """The score over trainings, ambiguous ones left out."""
    groups: dict[str, list[bool]] = {}
    for each in found:
        whole = label(each)
        if whole.name != "ambiguous":
            early = whole if each["stopped"] is not None else label(beginning(each, share))
            groups.setdefault(whole.name, []).append(is_right(early, whole))
    failing = [groups[name] for name in FAILURES if len(groups.get(name, ())) >= FEWEST]
    healthy = groups.get(HEALTHY, [])
    return Scores(macro(failing), wilson(healthy.count(False), len(healthy)))


def _row(splits: Sequence[Sequence[Mapping[str, Any]]], share: float) -> list[str]:
    return [str(value) for found in splits for value in scores(found, share)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a row for each share of the run, and writes them into the page if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.doctor.early_labels", description=ABOUT)
    parser.add_argument("--docs", action="store_true")
    args = parser.parse_args(arguments)
    kept = finished()
    known = {
        split: [kept[each.name] for each in trainings() if each.name in kept and split_of(each) == split]
        for split in SPLITS
    }
    head = [f"{what}, {split}" for split in SPLITS for what in ("recall", "false alarms")]
    rows = [["run so far", *head], ["---"] * (1 + len(head))]
    rows += [[f"{share:.0%}", *_row(list(known.values()), share)] for share in SHARES]
    text = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    print(text)
    if args.docs:
        write_between(PAGE, BEGIN, END, text)


if __name__ == "__main__":
    main()
