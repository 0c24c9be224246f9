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
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.doctor.labels import label
from benchmarks.doctor.split import split_of
from benchmarks.doctor.suite import finished, keep_log, keep_outcome, trainings
from benchmarks.doctor.trainings import Training
from benchmarks.doctor.worker import carried_out

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
    kept = finished()
    missing = [each for each in chosen if each.name not in kept][: args.most]
    print(f"{len(chosen)} trainings, {len(missing)} to train", flush=True)
    _train(missing, args)


def _train(missing: Sequence[Training], args: argparse.Namespace) -> None:
    began = time.perf_counter()
    context = multiprocessing.get_context("spawn")
    work = partial(carried_out, runs=args.runs, threads=args.threads, keep=args.keep_runs)
    # concurrent.futures waits for ever with one worker of a limited number of tasks (CPython issue 115634)
    with context.Pool(args.workers, maxtasksperchild=TASKS) as pool:
        for number, done in enumerate(pool.imap_unordered(work, missing), start=1):
            head = f"{number}/{len(missing)} {done.name}"
            if done.error:
                print(f"{head}: failed to run\n{done.error}", flush=True)
                continue
            keep_log(done.name, done.rows)
            keep_outcome(done.name, done.found)
            minutes = (time.perf_counter() - began) / number * (len(missing) - number) / 60
            print(f"{head}: {label(done.found).name}, about {minutes:.0f} min left", flush=True)


if __name__ == "__main__":
    main()
