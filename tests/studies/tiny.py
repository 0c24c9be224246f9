"""Studies for tests: of calculations, of trainings of a moment, and of trials that fail."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from steadygan.errors import RunError, UsageError
from steadygan.networks import MLPCritic, MLPGenerator
from steadygan.recipe import Recipe
from steadygan.studies import (
    Calculation,
    Claim,
    Decision,
    Outcome,
    Plot,
    Results,
    Scale,
    Study,
    Table,
    Training,
    Trial,
    intervals,
    sources,
)
from steadygan.studies.claims import by_sign

ROUNDS = {"smoke": 12, "laptop": 100, "paper": 1_000_000}
SECONDS = 0.01
"""that a round of a calculation is said to take"""
SLEEP = "TINY_SECONDS"
"""environment variable: seconds that each calculation sleeps"""


def calculated(slope: float) -> Calculation:
    def calculate(folder: Path, seed: int, rounds: int) -> Outcome:
        with open(folder / "begun", "a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(float(os.environ.get(SLEEP, "0")))
        numbers = np.random.default_rng(seed).normal(size=rounds)
        text = sources.source("text")
        return {"value": slope + 0.1 * float(numbers.mean()), "noise": numbers, "rounds": rounds, "text": text}

    return Calculation(calculate, rounds=10, seconds=lambda: SECONDS)


def measured(run: Any, ready: Any) -> Outcome:
    samples = run.sample(32, seed=5)
    return {"value": float(samples.mean()), "samples": samples[:4], "rounds": run.rounds_done}


def small(recipe: Recipe) -> Recipe:
    return dataclasses.replace(
        recipe, generator=MLPGenerator(width=8, depth=1), critic=MLPCritic(width=8, depth=1), batch=16
    )


def calculations(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    return [
        Trial({"method": method, "slope": slope}, seed, calculated(slope))
        for seed in seeds
        for method, slope in (("up", 1.5), ("down", -0.5))
    ]


def trainings(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    work = Training("wgan-gp", "8gaussians", ROUNDS[scale], measured, change=small)
    trained = [Trial({"method": "trained", "slope": 0.0}, seed, work) for seed in seeds]
    return [*calculations(scale, seeds), *trained]


def plots(results: Results) -> list[Plot]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3, 2))
    axes = figure.subplots()
    for method in results.settings("method"):
        axes.plot(results.values("value", method=method), label=str(method))
    return [Plot("values", "Values by seed", figure)]


def table(results: Results) -> Table:
    rows = [
        [str(method), intervals.mean(results.values("value", method=method)).mean]
        for method in results.settings("method")
    ]
    return Table(("method", "mean"), rows, "Of no meaning.")


def above(results: Results) -> Decision:
    between = intervals.difference(results.by_seed("value", method="up"), results.by_seed("value", method="down"))
    return by_sign(between, f"the difference is {between.mean:.3f}")


CALCULATED = Study(
    name="calculated",
    question="Is up above down?",
    source="No paper, figure 0",
    shows="Up is above down.",
    trials=calculations,
    plots=plots,
    table=table,
    claims=(
        Claim("up", "Up lies above down.", "No paper, section 1", "the interval of the difference lies above 0", above),
    ),
    seeds={"smoke": 2, "laptop": 3, "paper": 3},
    limits="It is tiny.",
)
STUDY = dataclasses.replace(CALCULATED, name="tiny", trials=trainings)
"""with a training for each seed"""


def _failing(error: type[Exception], line: str) -> Study:
    def fail(folder: Path, seed: int, rounds: int) -> Outcome:
        if seed == 1 and not (folder.parent.parent / "mended").exists():
            raise error(line)
        return {"value": float(seed)}

    def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
        return [Trial({"method": "x"}, seed, Calculation(fail)) for seed in seeds]

    return dataclasses.replace(
        CALCULATED, name="failing", trials=trials, claims=(), seeds={"smoke": 3, "laptop": 3, "paper": 3}
    )


DIVERGING = _failing(RunError, "the critic's loss is not finite")
COUNTED = dataclasses.replace(DIVERGING, name="counted", of_failure={"value": -1.0})
FAULTY = _failing(ZeroDivisionError, "division by zero")
WITHOUT_DATA = _failing(UsageError, "there is no data")
FULL_DISK = _failing(OSError, "No space left on device")
NO_STUDY = 3


def _twice(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    return [Trial({"a": value}, 0, calculated(1.0)) for value in (1, 1.0)]


TWICE = dataclasses.replace(CALCULATED, name="twice", trials=_twice)
EMPTY = dataclasses.replace(CALCULATED, name="empty", trials=lambda scale, seeds: [])


def _raise(results: Results) -> Any:
    raise KeyError("method")


CLUMSY = dataclasses.replace(
    CALCULATED,
    name="clumsy",
    plots=_raise,
    table=_raise,
    claims=(dataclasses.replace(CALCULATED.claims[0], decide=_raise),),
)
"""whose figures, table and decision raise"""
