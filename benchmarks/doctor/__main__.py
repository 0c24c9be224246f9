"""Runs the trainings of the suite that are missing, and keeps their outcomes and signal logs.

    python -m benchmarks.doctor [--workers 2] [--threads 1] [--only WORD ...] [--most N] [--list] [--keep-runs]
    python -m benchmarks.doctor.score --split unseen

--only takes trainings whose name has one of the words; --list names them with their split, and trains none. Each
finished training is a line of benchmarks/results/doctor.jsonl and a file in benchmarks/doctor/logs, so that a stopped
series goes on. A training that ends with an error of its own is named and tried again the next time.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.doctor.labels import label
from benchmarks.doctor.split import split_of
from benchmarks.doctor.suite import keep_log, keep_outcome, kept_outcomes, log_path, trainings
from benchmarks.doctor.trainings import Training

TASKS = 12
"""trainings of a worker process"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Trains what is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.doctor", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--workers", type=int, default=1, help="trainings at a time")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each")
    parser.add_argument("--only", nargs="+", metavar="WORD", help="trainings whose name has one of the words")
    parser.add_argument("--split", choices=["seen", "unseen"])
    parser.add_argument("--most", type=int, help="so many of the missing ones")
    parser.add_argument("--runs", type=Path, default=Path("runs/doctor"), help="folder of the runs")
    parser.add_argument("--keep-runs", action="store_true", help="keep their folders")
    parser.add_argument("--list", action="store_true", help="name the trainings, and train none")
    args = parser.parse_args(arguments)
    chosen = [each for each in trainings() if args.only is None or any(word in each.name for word in args.only)]
    chosen = [each for each in chosen if args.split in (None, split_of(each))]
    if args.list:
        for each in chosen:
            print(f"{split_of(each):6} {each.name:48} {each.command}")
        return
    kept = kept_outcomes()
    missing = [each for each in chosen if each.name not in kept or not log_path(each.name).exists()][: args.most]
    print(f"{len(chosen)} trainings, {len(missing)} to train", flush=True)
    _train(missing, args)


def _train(missing: Sequence[Training], args: argparse.Namespace) -> None:
    began = time.perf_counter()
    tasks = [(each, args.runs / each.name, args.threads, args.keep_runs) for each in missing]
    with multiprocessing.get_context("spawn").Pool(args.workers, maxtasksperchild=TASKS) as pool:
        for done, (name, found, rows) in enumerate(pool.imap_unordered(_carried_out, tasks), start=1):
            if isinstance(found, str):
                print(f"{done}/{len(tasks)} {name}: failed to run\n{found}", flush=True)
                continue
            if rows is not None:
                keep_log(name, rows)
            keep_outcome(name, found)
            minutes = (time.perf_counter() - began) / done * (len(tasks) - done) / 60
            print(f"{done}/{len(tasks)} {name}: {label(found).name}, about {minutes:.0f} min left", flush=True)


def _carried_out(task: tuple[Training, Path, int, bool]) -> tuple[str, Any, list[dict[str, Any]] | None]:
    """One training in a worker: its name, what was found or a traceback, and the rows of its log."""
    from benchmarks.doctor.trial import carry_out, signal_rows

    training, folder, threads, keep = task
    try:
        found = carry_out(training, folder, threads)
        rows = signal_rows(folder)
    except Exception:  # of a benchmark in a worker: told, and the others go on
        return training.name, traceback.format_exc(), None
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)
    return training.name, found, rows


if __name__ == "__main__":
    main()
