"""Counters of a run, of which (with the seed) all random numbers are functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steadygan.recipe import Recipe


@dataclass(frozen=True)
class Counters:
    """Progress of a run."""

    round: int = 0
    """rounds done"""
    critic_steps: int = 0
    """critic steps done"""
    position: int = 0
    """real samples taken from the data"""
    seen: int = 0
    """fakes used in generator steps"""
    seconds: float = 0.0
    """of training, over all sessions"""

    def images(self, recipe: Recipe) -> int:
        """Real samples that critic steps have taken."""
        if recipe.growth is None:
            return self.critic_steps * recipe.batch
        critic, generator = recipe.counts(0)  # the same in every round, with one batch for both but at the full size
        return self.position * critic // (critic + generator * recipe.objective.needs_real)

    def generator_steps(self, recipe: Recipe) -> int:
        """Generator steps done."""
        return self.seen // recipe.fakes if recipe.growth is None else self.round * recipe.generator_steps
