"""Builds setups from a recipe, data set and device, for a run and for the measurements before it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch

from steadygan.errors import NeedsClassesError, SteadyganError, UsageError, in_one_line
from steadygan.recipe import own_kinds
from steadygan.system.device import Precision, choose_precision
from steadygan.training.out_of_memory import is_out_of_memory
from steadygan.training.processes.world import ALONE, World
from steadygan.training.step.drawer import Drawer
from steadygan.training.step.feed import Feed
from steadygan.training.step.game import Game
from steadygan.training.step.setup import Setup

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe


@dataclass(frozen=True)
class SetupBuilder:
    """Lazily builds games, the feed and the drawer of a recipe."""

    recipe: Recipe
    dataset: Dataset
    device: torch.device
    world: World = ALONE

    @property
    def precision(self) -> Precision:
        return choose_precision(self.recipe.run.precision, self.device)

    def build(self) -> Setup:
        """A setup with a new game at round 0, equal at each call; feed and drawer are shared."""
        return Setup(self.game(), self.feed, self.drawer)

    def game(self) -> Game:
        """A new game at round 0, equal at each call."""
        try:
            return Game.build(self.recipe, self.dataset.sample, self.device, self.precision, self.world)
        except NeedsClassesError as error:
            audit = self.dataset.audit
            if audit is None or not audit.label_note:
                raise
            raise NeedsClassesError(f"{str(error).partition(';')[0]}. {audit.label_note}") from None
        except (SteadyganError, MemoryError):
            raise
        except Exception as error:
            own = own_kinds(self.recipe)
            if not own or is_out_of_memory(error):
                raise
            named = ", ".join(kind.__name__ for kind in own)
            raise UsageError(f"a part of your own fails ({named}): {in_one_line(error)}") from error

    @cached_property
    def feed(self) -> Feed:
        return Feed(self.recipe, self.dataset.train, self.device)

    @cached_property
    def drawer(self) -> Drawer:
        return Drawer(self.recipe, self.dataset.sample, self.dataset.train, self.device, self.feed.rows_on, self.world)

    def alone(self) -> SetupBuilder:
        """A builder for this process's share of each batch, without the other processes.

        Raises:
            UsageError: for batches that the number of processes does not divide.
        """
        world = self.world
        if world.size == 1:
            return self
        rows, fakes = world.rows(self.recipe.batch), world.rows(self.recipe.fakes)
        share = dataclasses.replace(self.recipe, batch=rows.stop - rows.start, generator_batch=fakes.stop - fakes.start)
        if self.recipe.growth is not None:
            of_levels = [world.rows(batch) for batch in self.recipe.growth.batches]
            growth = self.recipe.growth.divided([rows.stop - rows.start for rows in of_levels], world.size)
            share = dataclasses.replace(share, growth=growth)
        return dataclasses.replace(self, recipe=share, world=ALONE)
