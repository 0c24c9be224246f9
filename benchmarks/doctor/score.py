"""The doctor scored on the kept logs: recall by class, false alarms, when it spoke, and what it confuses.

    python -m benchmarks.doctor.score [--split seen|unseen|both] [--errors] [--docs]

--errors names the trainings that were judged wrong; of unseen ones it is for the report, never for tuning. --docs
writes the tables into docs/doctor-suite.md.
"""

from __future__ import annotations

import argparse
import itertools
import statistics
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.common import ROOT, write_between
from benchmarks.doctor.cases import HEALTHY, Case, judged
from benchmarks.doctor.labels import FAILURES, LABELS, LabelName
from benchmarks.doctor.shares import Share, macro, wilson

ABOUT = "The doctor scored on the kept logs."
PAGE = ROOT / "docs" / "doctor-suite.md"
BEGIN, END = "<!-- scores -->", "<!-- end of scores -->"
SURE = (0.0, 0.6, 0.8, 1.0)
"""bounds of confidence by which right verdicts are counted"""
FEWEST = 3
"""trainings of a class, for its recall to count in the average"""


class Score(NamedTuple):
    """Numbers over a set of cases; ambiguous ones are only counted."""

    recall: dict[LabelName, Share]
    average: Share
    """mean of the failure classes' recalls"""
    average_finite: Share
    """the same without runs that ended by a value that is not finite"""
    false_alarms: Share
    """healthy trainings of which a fault was said"""
    missed: Share
    """failures of which no fault was said"""
    median: float
    """of the share of the run at which failures were recognised rightly"""
    ambiguous: int


def score(cases: Sequence[Case]) -> Score:
    """The numbers of cases."""
    failing = [case for case in cases if case.label.name in FAILURES]
    healthy = [case for case in cases if case.label.name == HEALTHY]
    finite = [case for case in failing if not case.label.non_finite]
    times = [case.said.at for case in failing if case.right]
    return Score(
        recall={name: _recall(cases, name) for name in LABELS if name != "ambiguous"},
        average=_average(failing),
        average_finite=_average(finite),
        false_alarms=wilson(sum(not case.right for case in healthy), len(healthy)),
        missed=wilson(sum(case.said.verdict == HEALTHY for case in failing), len(failing)),
        median=statistics.median(times) if times else float("nan"),
        ambiguous=sum(case.label.name == "ambiguous" for case in cases),
    )


def _recall(cases: Sequence[Case], name: LabelName) -> Share:
    of_it = [case.right for case in cases if case.label.name == name]
    return wilson(sum(of_it), len(of_it))


def _average(failing: Sequence[Case]) -> Share:
    groups = [[case.right for case in failing if case.label.name == name] for name in FAILURES]
    return macro([group for group in groups if len(group) >= FEWEST])


def confusion(cases: Sequence[Case]) -> list[list[str]]:
    """Rows of a table: what trainings came to, by what was said; a late verdict counts as 'late'."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in LABELS if name != "ambiguous"}
    for case in cases:
        if case.label.name in counts:
            counts[case.label.name]["late" if case.late else case.said.verdict] += 1
    said = sorted({verdict for counter in counts.values() for verdict in counter}, key=lambda v: (v == "late", v))
    head = ["outcome", *said]
    return [
        head,
        *([name, *(str(counter[each] or "") for each in said)] for name, counter in counts.items() if counter),
    ]


def calibration(cases: Sequence[Case]) -> list[tuple[str, Share]]:
    """How many of the faults that were said with such confidence were right, healthy trainings among them."""
    found = []
    for low, high in itertools.pairwise(SURE):
        right = [
            case.right
            for case in cases
            if case.label.name != "ambiguous" and case.said.verdict != HEALTHY and low < case.said.confidence <= high
        ]
        found.append((f"{100 * low:.0f} to {100 * high:.0f}%", wilson(sum(right), len(right))))
    return found


def lines(title: str, cases: Sequence[Case]) -> list[str]:
    """The score and the confusion table in markdown."""
    found = score(cases)
    labelled = len(cases) - found.ambiguous
    text = [f"### {title}", ""]
    text += [f"{labelled} trainings, and {found.ambiguous} ambiguous ones left out.", ""]
    text += ["| number | value |", "|---|---|"]
    text += [f"| recall, mean of the failure classes | {found.average} |"]
    text += [f"| the same without non-finite runs | {found.average_finite} |"]
    text += [f"| false alarms among healthy trainings | {found.false_alarms} |"]
    text += [f"| failures of which none was said | {found.missed} |"]
    text += [f"| median time of a right verdict | {100 * found.median:.0f}% of the run |", ""]
    text += ["| outcome | right |", "|---|---|"]
    text += [f"| {name} | {share} |" for name, share in found.recall.items() if share.of]
    text += ["", "| confidence of a fault | right |", "|---|---|"]
    text += [f"| {bounds} | {share} |" for bounds, share in calibration(cases)]
    table = confusion(cases)
    return [*text, "", *_markdown(table)]


def _markdown(table: Sequence[Sequence[str]]) -> list[str]:
    head, *rows = table
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def errors(cases: Sequence[Case]) -> list[str]:
    """A line for each training that was judged wrong."""
    return [
        f"{case.training.name}: {case.label.name} {'/'.join(case.label.properties)}, said {case.said.verdict} "
        f"at {100 * case.said.at:.0f}%{' (late)' if case.late else ''}"
        for case in cases
        if case.label.name != "ambiguous" and not case.right
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Judges, prints and writes."""
    from steadygan.diagnostics.judge import look_by_look

    parser = argparse.ArgumentParser(prog="python -m benchmarks.doctor.score", description=ABOUT)
    parser.add_argument("--split", choices=["seen", "unseen", "both"], default="seen")
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--docs", action="store_true")
    args = parser.parse_args(arguments)
    cases = judged(look_by_look)
    splits = ("seen", "unseen") if args.split == "both" or args.docs else (args.split,)
    parts = {split: [case for case in cases if case.split == split] for split in splits}
    text = [line for split, part in parts.items() for line in (*lines(f"{split.capitalize()} trainings", part), "")]
    print("\n".join(text))
    if args.errors:
        print("\n".join(errors([case for part in parts.values() for case in part])))
    if args.docs:
        write_between(PAGE, BEGIN, END, "\n".join(text).strip())


if __name__ == "__main__":
    main()
