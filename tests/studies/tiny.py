"""A study for tests: half of its trials train for a moment, half are calculations."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from steadygan.errors import RunError
from steadygan.studies import (
    Calculation,
    Claim,
    Outcome,
    Plot,
    Results,
    Scale,
    Study,
    Table,
    Training,
    Trial,
    intervals,
)
from steadygan.studies.claims import by_sign

ROUNDS = {"smoke": 12, "laptop": 60, "paper": 1_000_000}
SECONDS = 0.01


def calculated(slope: float) -> Calculation:
    def calculate(folder: Path, seed: int, rounds: int) -> Outcome:
        with open(folder / "begun", "a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(float(os.environ.get("TINY_SECONDS", "0")))
        numbers = np.random.default_rng(seed).normal(size=rounds)
        return {"value": slope + 0.1 * float(numbers.mean()), "noise": numbers, "rounds": rounds, "word": "known"}

    return Calculation(calculate, rounds=10, seconds=lambda: SECONDS)


def trained(scale: Scale) -> Training:
    def measure(run, ready):  # type: ignore[no-untyped-def]
        samples = run.sample(32, seed=5)
        return {"value": float(samples.mean()), "samples": samples[:4], "rounds": run.rounds_done}

    def small(recipe):  # type: ignore[no-untyped-def]
        import dataclasses

        from steadygan.networks import MLPCritic, MLPGenerator

        return dataclasses.replace(
            recipe, generator=MLPGenerator(width=8, depth=1), critic=MLPCritic(width=8, depth=1), batch=16
        )

    return Training("wgan-gp", "8gaussians", ROUNDS[scale], measure, change=small)


def trials(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    made = []
    for seed in seeds:
        made += [
            Trial({"method": "up", "slope": 1.5}, seed, calculated(1.5)),
            Trial({"method": "down", "slope": -0.5}, seed, calculated(-0.5)),
            Trial({"method": "trained", "slope": 0.0}, seed, trained(scale)),
        ]
    return made


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


def _above(results: Results):  # type: ignore[no-untyped-def]
    between = intervals.difference(results.by_seed("value", method="up"), results.by_seed("value", method="down"))
    return by_sign(between, f"the difference is {between.mean:.3f}")


STUDY = Study(
    name="tiny",
    question="Is up above down?",
    source="No paper, figure 0",
    shows="Up is above down.",
    trials=trials,
    plots=plots,
    table=table,
    claims=(
        Claim(
            "up", "Up lies above down.", "No paper, section 1", "the interval of the difference lies above 0", _above
        ),
    ),
    seeds={"smoke": 2, "laptop": 3, "paper": 3},
    limits="It is tiny.",
)


def _failing(scale: Scale, seeds: Sequence[int]) -> list[Trial]:
    def diverge(folder: Path, seed: int, rounds: int) -> Outcome:
        if seed == 1 and not (folder.parent.parent / "mended").exists():
            raise RunError("the critic's loss is not finite")
        return {"value": float(seed)}

    return [Trial({"method": "x"}, seed, Calculation(diverge)) for seed in seeds]


FAILING = Study(
    "failing", "Does it fail?", "No paper", "It does.", _failing, lambda results: [], lambda results: Table((), ()), ()
)
COUNTED = Study(
    "counted",
    "Does it fail?",
    "No paper",
    "It does.",
    _failing,
    lambda results: [],
    lambda results: Table((), ()),
    (),
    of_failure={"value": -1.0},
)
