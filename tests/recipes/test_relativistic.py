"""R3GAN: the paper's numbers."""

from __future__ import annotations

import pytest

from steadygan import recipes
from steadygan.data.options import DataOptions
from steadygan.losses import RelativisticPaired
from steadygan.objectives import Adversarial
from steadygan.penalties import R1, R2
from steadygan.recipes import RECIPES
from steadygan.types import SampleSpec
from tests.recipes.samples import IMAGES

RELATIVISTIC = ("r3gan", "r3gan-cifar10", "photos", "pictures", "pictures-by-class")


@pytest.mark.parametrize("name", RELATIVISTIC)
def test_r3gan_pairs_scores_and_has_both_penalties_in_each_step(name: str) -> None:
    recipe = RECIPES[name](IMAGES)
    assert recipe.objective == Adversarial(RelativisticPaired()) and recipe.steps(0) == 1
    first, second = recipe.penalties
    assert isinstance(first, R1) and isinstance(second, R2) and first.gamma == second.gamma
    assert recipe.generator_optimizer.betas[0] == recipe.critic_optimizer.betas[0] == 0.0


@pytest.mark.parametrize("classes", [0, 10])
def test_r3gan_cifar10_is_the_papers_preset(classes: int) -> None:
    recipe = recipes.r3gan_cifar10(SampleSpec((3, 32, 32), classes))
    assert recipe.batch * recipe.rounds == pytest.approx(20e6, rel=1e-4) and recipe.batch == 512
    assert recipe.generator.conditional is recipe.critic.conditional is (classes > 0)
    assert recipe.data == DataOptions(source="cifar10", flip=True) and recipe.prior.size == 64

    def at(round_: int) -> list[float]:
        settings = recipe.critic_optimizer.settings(round_)
        return [
            settings["lr"],
            settings["betas"][1],
            recipe.penalties[0].gamma(round_),
            recipe.perturbation.strength(round_),
            recipe.average.half_life(round_),
        ]

    assert at(0) == pytest.approx([2e-4, 0.9, 0.05, 0.0, 0.0])
    assert at(recipe.rounds) == pytest.approx([5e-5, 0.99, 0.005, 0.55, 5e6])
    assert recipe.generator_optimizer == recipe.critic_optimizer
