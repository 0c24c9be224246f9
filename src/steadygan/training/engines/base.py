"""The protocol of engines: how the steps of a round are carried out. All compute the same numbers."""

from __future__ import annotations

from typing import Literal, Protocol

from torch import Tensor

from steadygan.training.step.draws import CriticDraws, GeneratorDraws
from steadygan.training.step.game import Game
from steadygan.training.step.round import Feed
from steadygan.training.step.terms import CriticTerms

EngineName = Literal["eager", "compiled", "graph", "compiled-graph"]


RECORDED: tuple[EngineName, ...] = ("graph", "compiled-graph")
"""engines that replay what they saw once"""


class Engine(Protocol):
    """Carries out the steps of a round on a game, in place."""

    @property
    def name(self) -> EngineName: ...
    def critic_step(self, game: Game, feed: Feed, draws: CriticDraws) -> CriticTerms: ...
    def generator_step(self, game: Game, feed: Feed, draws: GeneratorDraws) -> Tensor: ...
