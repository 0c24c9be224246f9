"""One training of the suite: trained, measured at ten checkpoints, and its signal log read."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import steadygan as sg
from benchmarks.doctor.materials import open_source
from benchmarks.doctor.outcomes import NOT_FINITE, Judge, Outcome
from benchmarks.doctor.probe import CriticProbe, probe_critic
from benchmarks.doctor.trainings import Training
from steadygan.cli.overrides import apply, split
from steadygan.diagnostics.doctor import GameDoctor
from steadygan.diagnostics.log import read_log, to_json
from steadygan.diagnostics.schedule import Schedule, schedule
from steadygan.errors import RunError
from steadygan.evaluation.during_training import training_evaluator
from steadygan.recipe import Recipe, RunOptions, fitted
from steadygan.recipes import find
from steadygan.run.layout import SIGNALS
from steadygan.training.session import new_run
from steadygan.types import SampleSpec

CHECKPOINTS = 10
LATE = 3
"""last checkpoints that decide"""
FEWEST = 50
"""training samples, for evaluations during training"""
LATENTS = 1
"""seed of the samples that are measured"""
SEED = "--seed"


def recipe_of(
    training: Training,
    sample: SampleSpec,
    threads: int = 1,
    samples: int = FEWEST,
    changed: Mapping[str, str] | None = None,
) -> Recipe:
    """The recipe of a training, as ``steadygan train RECIPE --field value`` would make it.

    Args:
        training: of the suite
        sample: the shape of its samples
        threads: CPU threads
        samples: training samples
        changed: options to values, of a command that begins with this recipe; a seed among them is the training's
    """
    base = fitted(find(training.recipe)(sample), training.rounds)
    every = max(1, training.rounds // CHECKPOINTS)
    options = RunOptions(
        precision="fp32",
        engine="eager",
        threads=threads,
        log_every=max(1, training.rounds // 50),
        picture_every=10 * training.rounds,
        checkpoint_every=every,
        keep_every=every,
        evaluate_every=every,
        pictured=16,
        evaluate="auto" if samples >= FEWEST else "none",
    )
    recipe = dataclasses.replace(base, name=training.recipe, seed=training.seed, rounds=training.rounds, run=options)
    left, changes = split(training.words, {})
    if left:
        raise ValueError(f"{training.name}: {left} are no fields")
    recipe = apply(recipe, changes)
    _, more = split(
        [word for name, value in (changed or {}).items() if name != SEED for word in _typed(name, value)], {}
    )
    return apply(recipe, more)


def _typed(name: str, value: str) -> list[str]:
    """An option as the command gets it: numbers of a pair are words of their own."""
    return [name, value] if value.startswith("{") else [name, *value.split()]


def looks(rounds: int) -> Schedule:
    """The looks of a run that is long enough for all of them: those at a short one would be fewer, or none."""
    return schedule(rounds, round_work=1.0, look_work=1e-6)


def carry_out(
    training: Training, folder: Path, threads: int = 1, changed: Mapping[str, str] | None = None, *, looked: bool = True
) -> dict[str, Any]:
    """Trains in a new folder and measures; plain data, with seconds of CPU time for training and measuring.

    Args:
        training: of the suite
        folder: of the run
        threads: CPU threads
        changed: options to values that are changed in its recipe
        looked: with a doctor, who changes nothing of the weights
    """
    material = open_source(training.source)
    recipe = recipe_of(training, material.dataset.sample, threads, len(material.dataset.train), changed)
    shutil.rmtree(folder, ignore_errors=True)
    began, stopped = time.process_time(), None
    try:
        new_run(
            recipe,
            material.dataset,
            folder,
            device="cpu",
            evaluator=training_evaluator(recipe, material.dataset),
            doctor=GameDoctor(looks(training.rounds)) if looked else None,
        )
    except RunError as error:
        stopped = str(error)
    trained = time.process_time()
    run = sg.load(folder)
    judge = Judge(material)
    rounds = [int(path.name) for path in run.checkpoints if int(path.name) % recipe.run.checkpoint_every == 0]  # type: ignore[operator]
    averages, raws = _samples(run, rounds, "average"), _samples(run, rounds[-LATE:], "raw")
    measured = [_measured(judge, samples) for samples in averages]
    found = {
        "command": training.command,
        "rounds": training.rounds,
        "stopped": stopped,
        "at": rounds,
        "average": [dataclasses.replace(outcome, shares=()).to_json() for outcome in measured],
        "raw": [_measured(judge, samples).to_json() for samples in raws],
        "moved": _moves(averages, judge),
        "critic": None,
        "kind": material.source.kind,
        "training_samples": len(material.dataset.train),
        "training_excess": round(judge.training_excess, 4),
        "training_distinct": round(judge.training_distinct, 4),
    }
    if raws and measured[-1].finite:
        found["critic"] = _probe(run, judge, raws[-1]).to_json()
    found["seconds"] = [round(trained - began, 1), round(time.process_time() - trained, 1)]
    return found


def signal_rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of a run's signal log as plain JSON values; none where it ended before the first look."""
    path = folder / SIGNALS
    return [dict(to_json(row)) for row in read_log(path)] if path.exists() else []


def _probe(run: sg.Run, judge: Judge, fakes: np.ndarray) -> CriticProbe:
    return probe_critic(run, judge, fakes)


def _samples(run: sg.Run, rounds: list[int], weights: Any) -> list[np.ndarray]:
    return [np.asarray(run.sample(1_000, seed=LATENTS, weights=weights, round_=round_)) for round_ in rounds]


def _measured(judge: Judge, samples: np.ndarray) -> Outcome:
    return judge.measure(samples) if np.isfinite(np.asarray(samples, np.float64)).all() else NOT_FINITE


def _moves(samples: list[np.ndarray], judge: Judge) -> list[float]:
    """Mean distance of samples of the same latents between checkpoints, over that of two samples of the data."""
    rows = [judge.rows(each) for each in samples]
    real = judge.rows(judge.material.reference[:1_000])
    apart = np.linalg.norm(real - np.roll(real, 1, axis=0), axis=1).mean()
    pairs = itertools.pairwise(rows)
    return [round(float(np.linalg.norm(after - before, axis=1).mean() / apart), 4) for before, after in pairs]
