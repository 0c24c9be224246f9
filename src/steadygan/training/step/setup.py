"""A setup: game, feed of real batches, and drawer of random numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from steadygan.training.step.drawer import Drawer
from steadygan.training.step.draws import RealDraws
from steadygan.training.step.game import Game

if TYPE_CHECKING:
    from steadygan.types import Batch


class Setup(NamedTuple):
    """A game with its feed and its drawer, as a training round takes them."""

    game: Game
    feed: Callable[[RealDraws], Batch]
    """real draws to the encoded batch [N, ...]"""
    drawer: Drawer
