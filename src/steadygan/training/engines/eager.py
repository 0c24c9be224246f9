"""The eager engine: runs the losses as they are written."""

from __future__ import annotations

from torch import Tensor

from steadygan.training.engines.base import EngineName
from steadygan.training.step.draws import CriticDraws, GeneratorDraws
from steadygan.training.step.game import Game
from steadygan.training.step.round import Feed, critic_step, generator_step
from steadygan.training.step.terms import CriticTerms


class Eager:
    """The engine that carries the steps out as they are written."""

    name: EngineName = "eager"

    def critic_step(self, game: Game, feed: Feed, draws: CriticDraws) -> CriticTerms:
        return critic_step(game, feed, draws)

    def generator_step(self, game: Game, feed: Feed, draws: GeneratorDraws) -> Tensor:
        return generator_step(game, feed, draws)


EAGER = Eager()
