"""Advice that works: the doctor's first advice, beside another seed and half the rate, on failing trainings.

    python -m benchmarks.doctor.advice [--workers 2] [--split unseen|seen|both] [--most N] [--list] [--docs]

Trainings are chosen by a fixed rule (choice.py) from the kept ones; each is trained again with the first advice for
its first stable verdict, with other seeds, and with half of both rates, three times each, and labelled by the suite's
rules. Each finished training is a line of benchmarks/results/doctor_advice.jsonl, so that a stopped series goes on.
--list names what was chosen with its advice, and trains none; --docs writes the tables into docs/doctor-suite.md.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import shutil
import statistics
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import RESULTS, ROOT, write_between
from benchmarks.doctor.advice_report import lines, tried
from benchmarks.doctor.cases import judged
from benchmarks.doctor.choice import Attempt, Chosen, attempts, chosen
from benchmarks.doctor.labels import LATE, label
from benchmarks.doctor.suite import kept_outcomes

KEPT = RESULTS / "doctor_advice.jsonl"
PAGE = ROOT / "docs" / "doctor-suite.md"
BEGIN, END = "<!-- advice -->", "<!-- end of advice -->"
TASKS = 12
"""trainings of a worker process"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains what is missing, and reports."""
    from steadygan.diagnostics.judge import look_by_look

    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.doctor.advice", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--workers", type=int, default=1, help="trainings at a time")
    parser.add_argument("--split", choices=["seen", "unseen", "both"], default="unseen")
    parser.add_argument("--most", type=int, help="so many of the missing trainings")
    parser.add_argument("--runs", type=Path, default=Path("runs/advice"), help="folder of the runs")
    parser.add_argument("--list", action="store_true", help="name what was chosen, and train none")
    parser.add_argument("--docs", action="store_true", help="write the tables into docs/doctor-suite.md")
    args = parser.parse_args(arguments)
    picked = chosen(judged(look_by_look, split=None if args.split == "both" else args.split))
    if args.list:
        for each in picked:
            print(_told(each))
        return
    missing = [attempt for each in picked for attempt in attempts(each) if kept(attempt) is None]
    print(f"{len(picked)} trainings, {len(missing)} to train", flush=True)
    _train(missing[: args.most], args.workers, args.runs)
    text = lines([tried(each, [(attempt, kept(attempt)) for attempt in attempts(each)]) for each in picked])
    print("\n".join(text))
    if args.docs:
        write_between(PAGE, BEGIN, END, "\n".join(text).strip())


def kept(attempt: Attempt, path: Path = KEPT) -> dict[str, Any] | None:
    """What is kept of an attempt, if it was of this command."""
    found = kept_outcomes(path).get(attempt.name)
    return found if found is not None and found["command"] == attempt.command else None


def kept_of(found: Mapping[str, Any], attempt: Attempt) -> dict[str, Any]:
    """What is kept of an outcome: its label, and the median excess of the last checkpoints (None: not finite)."""
    made = label(found)
    last = [each["excess"] for each in found["average"][-LATE:] if each["finite"]]
    ended = found["stopped"] is not None or len(last) < LATE or made.name == "diverged"
    return {
        "name": attempt.name,
        "command": attempt.command,
        "label": made.name,
        "properties": list(made.properties),
        "excess": None if ended else statistics.median(last),
        "stopped": found["stopped"],
        "seconds": found["seconds"],
    }


def _train(missing: Sequence[Attempt], workers: int, runs: Path) -> None:
    if not missing:
        return
    began = time.perf_counter()
    given = [(each, runs / each.name) for each in missing]
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers, maxtasksperchild=TASKS) as pool:
        for number, (name, line, error) in enumerate(pool.imap_unordered(_carried_out, given), start=1):
            head = f"{number}/{len(given)} {name}"
            if line is None:
                print(f"{head}: failed to run\n{error}", flush=True)
                continue
            with KEPT.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            minutes = (time.perf_counter() - began) / number * (len(given) - number) / 60
            print(f"{head}: {line['label']}, excess {line['excess']}, about {minutes:.0f} min left", flush=True)


def _carried_out(given: tuple[Attempt, Path]) -> tuple[str, dict[str, Any] | None, str]:
    """One attempt in a worker process; what goes wrong in it is told, and the others go on."""
    from benchmarks.doctor.trial import carry_out

    attempt, folder = given
    try:
        line = kept_of(carry_out(attempt.training, folder, changed=attempt.changed, looked=False), attempt)
    except Exception:
        return attempt.name, None, traceback.format_exc()
    shutil.rmtree(folder, ignore_errors=True)
    return attempt.name, line, ""


def _told(each: Chosen) -> str:
    case = each.case
    fields = " ".join(f"{name} {value}" for name, value in each.change.fields.items())
    right = "" if case.right else " (wrong)"
    return f"{each.name}: {case.label.name}, said {case.said.verdict}{right} at {100 * case.said.at:.0f}%: {fields}"


if __name__ == "__main__":
    main()
