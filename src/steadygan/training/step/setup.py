"""What a round works on: the game, the feed of real batches, and the drawer of random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from steadygan.training.step.draws import Drawer, RealDraws
from steadygan.training.step.game import Game

if TYPE_CHECKING:
    from steadygan.types import Batch


class Setup(NamedTuple):
    """A game with its feed and its drawer; a run and a trial are made of one."""

    game: Game
    feed: Callable[[RealDraws], Batch]
    """real draws to the batch [N, ...] as the networks see it"""
    drawer: Drawer
