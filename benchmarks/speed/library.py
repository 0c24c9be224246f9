"""One training round as the library runs it, on a case's networks and data.

``training_round`` as the trainer calls it, the moving average of the generator included. Networks start from the same
weights as the plain loop's and see the same random numbers, drawn in advance.
"""

from __future__ import annotations

import dataclasses
from itertools import cycle

import numpy as np
import torch

from benchmarks.speed.cases import Case
from benchmarks.speed.timing import Round
from steadygan.data import Dataset, Endless, Stored
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
    """The random numbers of the first rounds."""
    drawer = builder.drawer
    return [drawer.round(i, i * drawer.samples_in(i)) for i in range(DISTINCT_ROUNDS)]


def library_round(case: Case, precision: Precision, device: torch.device, engine: Engine = EAGER) -> Round:
    """One round as the trainer runs it."""
    builder = builder_of(case, precision, device)
    setup, draws = builder.build(), cycle(draws_of(builder))

    def run() -> None:
        training_round(setup, next(draws), Counters(), engine)

    return run
