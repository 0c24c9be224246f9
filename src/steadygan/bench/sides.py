"""The sides of a comparison: one training round of a case, each way.

``plain`` is the plain loop around networks of ordinary layers; ``same-networks`` is that loop around the library's own
modules, whose activations and folded convolutions make it faster than what people write. Every other side is an
engine's name: ``training_round`` as the trainer calls it, the generator's average included. All have the same weights
and see the same random numbers, drawn beforehand; the plain loop's real batches are encoded beforehand, too.
"""

from __future__ import annotations

import dataclasses
from itertools import cycle

import numpy as np
import torch

from steadygan.bench.cases import Case
from steadygan.bench.measuring import Round
from steadygan.data import Dataset, Endless, Stored
from steadygan.system.device import Precision
from steadygan.training.engines.base import Engine
from steadygan.training.engines.by_name import make
from steadygan.training.engines.eager import EAGER
from steadygan.training.setup import SetupBuilder
from steadygan.training.step.counters import Counters
from steadygan.training.step.draws import RoundDraws
from steadygan.training.step.round import training_round

PLAIN, SAME_NETWORKS = "plain", "same-networks"
DISTINCT_ROUNDS = 4  # of random numbers, used in turn


def trial(case: Case, precision: Precision, device: torch.device) -> SetupBuilder:
    """The case's games, feed and draws."""
    recipe = dataclasses.replace(
        case.recipe,
        representation=case.recipe.representation.fitted(case.sample),
        run=dataclasses.replace(case.recipe.run, precision=precision),
    )
    nothing = Stored(np.empty((0, *case.sample.shape), np.float32))
    return SetupBuilder(recipe, Dataset(case.name, case.sample, _data(case), nothing, fingerprint=""), device)


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


def draws_of(tried: SetupBuilder) -> list[RoundDraws]:
    """The random numbers of some rounds."""
    drawer = tried.drawer
    return [drawer.round(i, i * drawer.samples_in(i)) for i in range(DISTINCT_ROUNDS)]


def library_round(case: Case, precision: Precision, device: torch.device, by: Engine = EAGER) -> Round:
    """One round as the trainer runs it."""
    tried = trial(case, precision, device)
    setup, turns = tried.build(), cycle(draws_of(tried))

    def run() -> None:
        training_round(setup, next(turns), Counters(), by)

    return run


def make_round(case: Case, side: str, precision: Precision, device: torch.device) -> Round:
    """A side's round; the precision is the library's, the plain loop's is float32.

    Raises:
        UsageError: for an unknown engine.
    """
    from steadygan.bench.plain_side import plain_round

    if side in (PLAIN, SAME_NETWORKS):
        return plain_round(case, device, ordinary=side == PLAIN)
    return library_round(case, precision, device, make(side))
