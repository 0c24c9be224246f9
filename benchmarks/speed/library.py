"""One training round as the library runs it, on a case's networks and data.

``training_round`` as the trainer calls it, the moving average of the generator included. Networks start from the same
weights as the plain loop's and see the same random numbers, drawn in advance.
"""

from __future__ import annotations

import dataclasses
from itertools import count, cycle

import numpy as np
import torch

from benchmarks.speed.cases import Case
from benchmarks.speed.timing import Round
from steadygan.data import Dataset, Endless, Stored
from steadygan.recipe import Recipe
from steadygan.system.device import Precision
from steadygan.training.engines.base import Engine
from steadygan.training.engines.eager import EAGER
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.counters import Counters
from steadygan.training.step.draws import RoundDraws
from steadygan.training.step.round import training_round

DISTINCT_ROUNDS = 4
"""rounds of random numbers, used in turn"""


def builder_of(case: Case, precision: Precision, device: torch.device) -> SetupBuilder:
    """Builds games, feed and draws of a case."""
    recipe = dataclasses.replace(
        case.recipe,
        representation=case.recipe.representation.fitted(case.sample),
        run=dataclasses.replace(case.recipe.run, precision=precision),
    )
    held_out = Stored(np.empty((0, *case.sample.shape), np.float32))
    return SetupBuilder(recipe, Dataset(case.name, case.sample, _data(case), held_out, fingerprint=""), device)


def _data(case: Case) -> Stored | Endless:
    if case.data is not None:
        return case.data
    rng, shape = np.random.default_rng(0), case.sample.shape
    if case.sample.is_points:
        return Stored(rng.standard_normal((4096, *shape)).astype(np.float32))
    if case.sample.is_text:
        return Stored(rng.integers(0, shape[0], (4096, shape[1]), dtype=np.uint8))
    pixels = rng.integers(0, 256, (1024, *shape), dtype=np.uint8)
    return Stored(pixels, rng.integers(0, case.sample.classes, 1024) if case.sample.classes else None)


def draws_of(builder: SetupBuilder) -> list[RoundDraws]:
    """The random numbers of the first rounds; of networks that grow those of the last, at the full size."""
    drawer, first = builder.drawer, first_round(builder.recipe)
    return [drawer.round(first + i, i * drawer.samples_in(first + i)) for i in range(DISTINCT_ROUNDS)]


def first_round(recipe: Recipe) -> int:
    """The round at which timing begins: 0, or for networks that grow one of the full size."""
    return 0 if recipe.growth is None else recipe.growth.starts(recipe.batch, recipe.steps(0))[-1]


def library_round(case: Case, precision: Precision, device: torch.device, engine: Engine = EAGER) -> Round:
    """One round as the trainer runs it, and each time the next one: lazy phases come in their turn."""
    builder = builder_of(case, precision, device)
    setup, draws, recipe = builder.build(), cycle(draws_of(builder)), builder.recipe
    first, done = first_round(recipe), count()

    def run() -> None:
        rounds = next(done)
        seen = rounds * recipe.generator_steps * recipe.fakes
        training_round(setup, next(draws), Counters(first, rounds * recipe.steps(first), 0, seen), engine)

    return run
