"""The doctor on short runs: trainings of the suite looked at as rarely as runs of a minute are, at as few samples.

python -m benchmarks.doctor.short_runs                     30 healthy and 30 failing ones, 8 looks at 64 samples
python -m benchmarks.doctor.short_runs --samples 256       at as many as in longer runs

The trainings are drawn from all that have a label, seen and unseen, and trained again without checkpoints; labels are
those that are kept. A line for each: label, verdict, share of the run at which it was said, right in time or not, name.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.doctor.cases import HEALTHY, Case, said_of
from benchmarks.doctor.labels import Label, label
from benchmarks.doctor.materials import open_source
from benchmarks.doctor.split import new_parts, split_of
from benchmarks.doctor.suite import finished, kept_log, trainings
from benchmarks.doctor.trainings import Training
from benchmarks.doctor.trial import recipe_of
from steadygan.diagnostics.doctor import GameDoctor
from steadygan.diagnostics.judge import look_by_look
from steadygan.diagnostics.log import from_json, read_log
from steadygan.diagnostics.schedule import SHARE, schedule
from steadygan.errors import RunError
from steadygan.run.layout import SIGNALS
from steadygan.training.session import new_run


def drawn(count: int, seed: int) -> list[tuple[Training, Label]]:
    """So many healthy trainings, and as many failing ones."""
    kept = finished()
    labelled = [(each, label(kept[each.name])) for each in trainings() if each.name in kept]
    random.Random(seed).shuffle(labelled)
    healthy = [each for each in labelled if each[1].name == HEALTHY]
    failing = [each for each in labelled if each[1].name not in (HEALTHY, "ambiguous")]
    return [*healthy[:count], *failing[:count]]


def judged(training: Training, made: Label, looks: int, samples: int) -> Case:
    """The training with what was said of it by so many looks at so many samples."""
    material = open_source(training.source)
    recipe = recipe_of(training, material.dataset.sample, 1, len(material.dataset.train))
    run = dataclasses.replace(recipe.run, evaluate="none", keep_every=None, checkpoint_every=10 * training.rounds)
    recipe = dataclasses.replace(recipe, run=run)
    rounds = training.rounds
    plan = schedule(rounds, 1.0, SHARE * rounds / (looks + 0.5), deep_work=rounds)  # none of what costs most
    with tempfile.TemporaryDirectory() as folder:
        with contextlib.suppress(RunError):  # a value that is not finite: its log says so
            new_run(recipe, material.dataset, Path(folder) / "run", device="cpu", doctor=GameDoctor(plan, samples))
        rows = read_log(Path(folder) / "run" / SIGNALS)
    said = said_of(look_by_look(rows), training.rounds)
    return Case(training, split_of(training), new_parts(training), made, said)


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a line for each training, then the counts."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.doctor.short_runs", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--count", type=int, default=30, help="of healthy trainings, and of failing ones")
    parser.add_argument("--looks", type=int, default=8)
    parser.add_argument("--samples", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1, help="of the draw")
    args = parser.parse_args(arguments)
    torch.set_num_threads(1)
    cases = []
    for training, made in drawn(args.count, args.seed):
        cases.append(case := judged(training, made, args.looks, args.samples))
        print(made.name, case.said.verdict, f"{case.said.at:.2f}", case.right, training.name, flush=True)
    print(f"{args.looks} looks at {args.samples} samples", *summary(cases), sep="\n")
    kept = [by_kept_log(case) for case in cases]
    print("all looks, by the kept logs", *summary(kept), sep="\n")


def by_kept_log(case: Case) -> Case:
    """The same training, judged by its log of 40 looks at 256 samples."""
    rows = tuple(map(from_json, kept_log(case.training.name)))
    return dataclasses.replace(case, said=said_of(look_by_look(rows), case.training.rounds))


def summary(cases: Sequence[Case]) -> list[str]:
    """A line on the healthy trainings, and one on the failing ones."""
    healthy = [case for case in cases if case.label.name == HEALTHY]
    failing = [case for case in cases if case.label.name != HEALTHY]
    said = sum(case.said.verdict != HEALTHY for case in failing)
    late = sum(case.late for case in failing)
    right = sum(case.right for case in failing)
    return [
        f"healthy: {sum(not case.right for case in healthy)} of {len(healthy)} called sick",
        f"failing: {said} of {len(failing)} called sick, {late} of them late; {right} right and in time",
    ]


if __name__ == "__main__":
    main()
