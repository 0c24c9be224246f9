"""GAN, DCGAN, LSGAN and DRAGAN: the papers' numbers."""

from __future__ import annotations

import pytest

from steadygan import recipes
from steadygan.losses import LeastSquares, NonSaturating
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam, RMSprop
from steadygan.penalties import GradientPenalty, NearReal
from steadygan.recipes import RECIPES
from tests.recipes.samples import IMAGES


@pytest.mark.parametrize("name", ["gan", "dcgan", "lsgan", "ebgan", "ebgan-pt", "acgan"])
def test_the_others_take_one_critic_step(name: str) -> None:
    recipe = RECIPES[name](IMAGES)
    assert {recipe.steps(round_) for round_ in (0, 1, 500)} == {1}
    assert not recipe.penalties and recipe.constraint is None and recipe.batch == 64


@pytest.mark.parametrize("name", ["gan", "dcgan"])
def test_dcgan_steps_with_adam_at_2e_4(name: str) -> None:
    recipe = RECIPES[name](IMAGES)
    assert recipe.objective.loss == NonSaturating()
    assert recipe.generator_optimizer == recipe.critic_optimizer == Adam(2e-4, betas=(0.5, 0.999))


def test_lsgan_has_targets_0_1_1_and_rmsprop() -> None:
    recipe = recipes.lsgan(IMAGES)
    assert recipe.objective.loss == LeastSquares(0.0, 1.0, 1.0)
    assert isinstance(recipe.critic_optimizer, RMSprop) and recipe.critic_optimizer.lr == 1e-4
    assert recipe.generator_optimizer == recipe.critic_optimizer


def test_dragan_penalises_gradient_norms_off_1_around_the_real_samples() -> None:
    recipe = recipes.dragan(IMAGES)
    assert recipe.penalties == (GradientPenalty(weight=10.0, target=1.0, at=NearReal(0.5)),)
    assert recipe.objective == Adversarial(NonSaturating()) and recipe.steps(0) == 1
