"""Builds setups: a recipe on a data set and a device, for a run and for the trials before it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from steadygan.system.device import Precision, choose_precision
from steadygan.training.processes.world import ALONE, World
from steadygan.training.step.draws import Drawer
from steadygan.training.step.feed import Feed
from steadygan.training.step.game import Game
from steadygan.training.step.setup import Setup

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe


@dataclass(frozen=True)
class SetupBuilder:
    """A recipe with its data, device and processes; nothing is built before it is asked for."""

    recipe: Recipe
    dataset: Dataset
    device: torch.device
    world: World = ALONE

    @property
    def precision(self) -> Precision:
        return choose_precision(self.recipe.run.precision, self.device)

    def build(self) -> Setup:
        """A setup with a fresh game at round 0, the same at each call; feed and drawer are shared."""
        return Setup(self.game(), self.feed, self.drawer)

    def game(self) -> Game:
        """A fresh game at round 0, the same at each call."""
        return Game.build(self.recipe, self.dataset.sample, self.device, self.precision, self.world)

    @cached_property
    def feed(self) -> Feed:
        return Feed(self.recipe, self.dataset.train, self.device)

    @cached_property
    def drawer(self) -> Drawer:
        return Drawer(self.recipe, self.dataset.sample, self.dataset.train, self.device, self.feed.rows_on, self.world)

    def alone(self) -> SetupBuilder:
        """This process's part of the batches, without the other processes.

        Raises:
            UsageError: for batches that cannot be shared equally.
        """
        world = self.world
        if world.size == 1:
            return self
        own, fakes = world.rows(self.recipe.batch), world.rows(self.recipe.fakes)
        part = dataclasses.replace(self.recipe, batch=own.stop - own.start, generator_batch=fakes.stop - fakes.start)
        return dataclasses.replace(self, recipe=part, world=ALONE)
