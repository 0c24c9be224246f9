"""The sides of a comparison: one training round of a case, each way.

``plain`` is the plain loop around networks of ordinary layers; ``same-networks`` is that loop around the library's own
modules, whose activations and folded convolutions make it faster than what people write. Every other side is an
engine's name: ``training_round`` as the trainer calls it, the generator's average included. All have the same weights
and see the same random numbers, drawn beforehand; the plain loop's real batches are encoded beforehand, too.
"""

from __future__ import annotations

import dataclasses
from itertools import cycle
from typing import NamedTuple

import numpy as np
import torch

from steadygan.bench.cases import Case
from steadygan.bench.measuring import Round
from steadygan.data import Fresh, Stored
from steadygan.recipe import Recipe
from steadygan.training import engine
from steadygan.training.draws import Drawer, RoundDraws
from steadygan.training.engine import Engine
from steadygan.training.feed import Feed
from steadygan.training.game import Game
from steadygan.training.precision import Precision
from steadygan.training.step import training_round

PLAIN, SAME_NETWORKS = "plain", "same-networks"
DISTINCT_ROUNDS = 4  # of random numbers, used in turn


class Table(NamedTuple):
    """What a round of a case needs beside a game."""

    feed: Feed
    draws: list[RoundDraws]


def fitted(case: Case) -> Recipe:
    """The case's recipe with its representation fitted to the samples."""
    return dataclasses.replace(case.recipe, representation=case.recipe.representation.fitted(case.sample))


def table(case: Case, device: torch.device) -> Table:
    """A feed, and the random numbers of some rounds."""
    recipe, data = fitted(case), _data(case)
    drawer = Drawer(recipe, case.sample, data, device)
    draws = [drawer.round(i, i * drawer.samples_in(i)) for i in range(DISTINCT_ROUNDS)]
    return Table(Feed(recipe, data, device), draws)


def _data(case: Case) -> Stored | Fresh:
    if case.data is not None:
        return case.data
    rng, shape = np.random.default_rng(0), case.sample.shape
    if case.sample.is_points:
        return Stored(rng.standard_normal((4096, *shape)).astype(np.float32))
    if case.sample.is_text:
        return Stored(rng.integers(0, shape[0], (4096, shape[1]), dtype=np.uint8))
    pixels = rng.integers(0, 256, (1024, *shape), dtype=np.uint8)
    return Stored(pixels, rng.integers(0, case.sample.classes, 1024) if case.sample.classes else None)


def build(case: Case, precision: Precision, device: torch.device) -> Game:
    """The case's game at round 0."""
    return Game.build(fitted(case), case.sample, device, precision)


def library_round(case: Case, precision: Precision, device: torch.device, by: Engine | str = "eager") -> Round:
    """One round as the trainer runs it, by an engine or by a fresh one of a name.

    Raises:
        UsageError: for an unknown name.
    """
    made, game = engine.make(by) if isinstance(by, str) else by, build(case, precision, device)
    feed, draws = table(case, device)
    turns = cycle(draws)

    def run() -> None:
        training_round(game, feed, next(turns), 0, 0, made)

    return run


def make_round(case: Case, side: str, precision: Precision, device: torch.device) -> Round:
    """A side's round; the precision is the library's, the plain loop's is float32.

    Raises:
        UsageError: for an unknown engine.
    """
    from steadygan.bench.plain_side import plain_round

    if side in (PLAIN, SAME_NETWORKS):
        return plain_round(case, device, ordinary=side == PLAIN)
    return library_round(case, precision, device, side)
