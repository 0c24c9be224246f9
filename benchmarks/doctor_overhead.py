"""Share of a training's time that the doctor takes at its default schedule, for small and large networks.

    python -m benchmarks.doctor_overhead

Rounds and looks of one run are timed in turn in one process, by CPU time: what else the machine does hits both alike.
The share is that of all looks of a run of so many rounds over its rounds; the first look, which compares the data with
itself and loads what it needs, is counted once. Looks at fewer samples, in short runs, are timed for themselves.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from benchmarks.common import RESULTS, write_results
from steadygan.data import Dataset, Stored
from steadygan.diagnostics.doctor import GameDoctor
from steadygan.diagnostics.schedule import Schedule
from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES
from steadygan.training.engines.eager import EAGER
from steadygan.training.held_out import HeldOutMeasure
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.counters import Counters
from steadygan.training.step.round import training_round
from steadygan.types import SampleSpec


class Case(NamedTuple):
    """A recipe on samples of a shape, and how long its runs are."""

    recipe: str
    shape: tuple[int, ...]
    rounds: tuple[int, ...]
    timed: int
    """rounds that are timed between two looks"""


CASES = {
    "MLP, points": Case("wgan-gp", (2,), (1_000, 5_000, 20_000), 60),
    "MLP, points, non-saturating": Case("gan", (2,), (1_000, 5_000, 20_000), 200),
    "DCGAN, 32 px": Case("dcgan", (3, 32, 32), (200, 500, 2_000, 50_000), 12),
    "ResNet, 32 px": Case("wgan-gp-cifar10", (3, 32, 32), (100, 1_000, 50_000), 1),
    "sub-pixel, 64 px": Case("pictures", (3, 64, 64), (300, 1_000, 5_000), 12),
}


def data_of(shape: tuple[int, ...], count: int = 6_000) -> Dataset:
    """Random samples, of which a tenth is held out."""
    rng = np.random.default_rng(0)
    points = len(shape) == 1
    samples = rng.normal(size=(count, *shape)).astype(np.float32) if points else _pictures(rng, count, shape)
    held = count // 10
    return Dataset("random", SampleSpec(shape), Stored(samples[held:]), Stored(samples[:held]), "random-0")


def _pictures(rng: np.random.Generator, count: int, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(0, 256, (count, *shape), dtype=np.uint8)


def measure(case: Case, looks: int) -> dict[str, Any]:
    """Seconds of rounds and looks by the samples of a look, and the share of looks for each length of a run."""
    data, shares, measured = data_of(case.shape), dict[str, Any](), dict[int, Costs]()
    for length in case.rounds:
        recipe = dataclasses.replace(RECIPES[case.recipe](data.sample), rounds=length)
        doctor = doctor_of(recipe, data)
        if doctor.samples not in measured:
            measured[doctor.samples] = costs(recipe, data, case.timed, looks)
        cost, plan = measured[doctor.samples], doctor.planned(length)
        total = cost.start + len(plan.rounds) * cost.look + len(plan.deep) * (cost.deep - cost.look)
        total += max(0.0, cost.first - cost.look) if plan.rounds else 0.0
        share = round(total / (length * cost.round), 4)
        shares[str(length)] = {"looks": len(plan.rounds), "samples": doctor.samples, "share": share}
    seconds = {
        samples: {name: round(value, 5) for name, value in cost._asdict().items()} for samples, cost in measured.items()
    }
    return {"seconds by samples of a look": seconds, "runs": shares}


class Costs(NamedTuple):
    """CPU seconds."""

    round: float
    look: float
    deep: float
    first: float
    start: float


def doctor_of(recipe: Recipe, data: Dataset) -> GameDoctor:
    """The doctor of a run that begins."""
    setup = SetupBuilder(recipe, data, torch.device("cpu")).build()
    doctor = GameDoctor()
    doctor.begin(setup.game, data, HeldOutMeasure(recipe, data, setup.feed), {})
    return doctor


def costs(recipe: Recipe, data: Dataset, timed: int, looks: int) -> Costs:
    """Seconds of rounds and of looks in turn."""
    builder = SetupBuilder(recipe, data, torch.device("cpu"))
    setup = builder.build()
    game = setup.game
    held_out = HeldOutMeasure(recipe, data, setup.feed)
    doctor = GameDoctor()
    begun = time.process_time()
    doctor.begin(game, data, held_out, {})
    start = time.process_time() - begun
    rounds: list[float] = []
    plain: list[float] = []
    deep: list[float] = []
    counters, first = Counters(), 0.0
    for look in range(looks + 1):
        for number in range(timed):
            last = number == timed - 1
            if last:
                doctor.before()
            begun = time.process_time()
            draws = builder.drawer.round(counters.round, counters.position)
            report = training_round(setup, draws, counters, EAGER)
            rounds.append(time.process_time() - begun)
            counters = _after(counters, recipe)
        begun = time.process_time()
        deeply = look % 4 == 0 and look > 0
        doctor.looks_at(Schedule((counters.round,), frozenset({counters.round} if deeply else ())))
        doctor.look(counters, report, None)
        spent = time.process_time() - begun
        if look == 0:
            first = spent
        else:
            (deep if deeply else plain).append(spent)
    rounds = rounds[timed:]  # without the first ones, which warm up
    return Costs(statistics.mean(rounds), statistics.median(plain), statistics.median(deep), first, start)


def _after(counters: Counters, recipe: Recipe) -> Counters:
    steps = recipe.steps(counters.round)
    return Counters(
        round=counters.round + 1,
        critic_steps=counters.critic_steps + steps,
        position=counters.position + steps * recipe.batch,
        seen=counters.seen + recipe.fakes * recipe.generator_steps,
        seconds=0.0,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--looks", type=int, default=8, help="looks that are timed, besides the first")
    parser.add_argument("--out", default=str(RESULTS / "doctor_overhead.json"))
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    found = {}
    for name, case in CASES.items():
        found[name] = measure(case, options.looks)
        print(name, found[name], flush=True)
    write_results(Path(options.out), "doctor_overhead", arguments, cases=found)


if __name__ == "__main__":
    main()
