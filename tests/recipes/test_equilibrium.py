"""BEGAN: the paper's numbers, and the sizes that get them."""

from __future__ import annotations

import dataclasses

import pytest

from steadygan import recipes
from steadygan.objectives import BoundaryEquilibrium
from steadygan.schedules import LinearDecay
from steadygan.types import SampleSpec


@pytest.mark.parametrize(("size", "width"), [(8, 64), (64, 64), (128, 128)])
def test_began_paper_has_the_papers_numbers(size: int, width: int) -> None:
    recipe = recipes.began_paper(SampleSpec((3, size, size)))
    assert recipe.generator.width == recipe.critic.width == width
    assert recipe.critic.code == recipe.prior.size == 64 and recipe.critic.exponent == 1
    assert recipe.objective == BoundaryEquilibrium(gamma=0.5, rate=0.001)
    assert (recipe.batch, recipe.critic_optimizer.lr, recipe.counts(0)) == (16, 1e-4, (1, 1))
    assert recipe.generator.carry == recipe.critic.carry == LinearDecay(16_000)
    assert recipe.plateau is not None and (recipe.plateau.of, recipe.plateau.factor) == ("convergence_mean", 0.5)


@pytest.mark.parametrize("size", [64, 128])
def test_began_is_the_papers_at_64_px_and_above(size: int) -> None:
    sample = SampleSpec((3, size, size))
    assert recipes.began(sample) == dataclasses.replace(recipes.began_paper(sample), name="began")


@pytest.mark.parametrize(("channels", "gamma"), [(1, 1.0), (3, 0.7)])
@pytest.mark.parametrize("size", [8, 16, 28, 32])
def test_began_is_small_and_quick_to_balance_at_32_px_and_below(size: int, channels: int, gamma: float) -> None:
    recipe = recipes.began(SampleSpec((channels, size, size)))
    assert recipe.objective == BoundaryEquilibrium(gamma=gamma, rate=0.1, least=0.05)
    assert recipe.critic.code == recipe.prior.size == recipe.generator.width == 16
    assert recipe.generator_optimizer.lr > recipe.critic_optimizer.lr and recipe.generator.carry is None
