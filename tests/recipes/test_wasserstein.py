"""WGAN and WGAN-GP: the papers' numbers."""

from __future__ import annotations

import dataclasses

import pytest

from steadygan import recipes
from steadygan.constraints import WeightClip
from steadygan.losses import Wasserstein
from steadygan.optimizers import Adam, RMSprop
from steadygan.penalties import Between, GradientPenalty
from steadygan.recipes import RECIPES
from steadygan.schedules import LinearDecay
from steadygan.types import SampleSpec
from tests.recipes.samples import IMAGES, POINTS

WASSERSTEIN = ("wgan", "wgan-gp", "wgan-gp-one-sided", "wgan-gp-cifar10")


@pytest.mark.parametrize("name", WASSERSTEIN)
def test_the_wasserstein_line_has_its_loss_and_five_critic_steps(name: str) -> None:
    recipe = RECIPES[name](IMAGES)
    assert recipe.objective.loss == Wasserstein() and recipe.objective.real_label == 1.0
    assert recipe.steps(30) == 5 and recipe.batch == 64


def test_wgan_clips_at_a_hundredth_after_steps_of_rmsprop_and_warms_up() -> None:
    recipe = recipes.wgan(IMAGES)
    assert recipe.constraint == WeightClip(0.01, when="after", spare_norms=False) and not recipe.penalties
    for optimizer in (recipe.generator_optimizer, recipe.critic_optimizer):
        assert isinstance(optimizer, RMSprop) and (optimizer.lr, optimizer.momentum) == (5e-5, 0.0)
    assert [recipe.steps(round_) for round_ in (0, 24, 25, 499, 500, 501)] == [100, 100, 5, 5, 100, 5]


def test_wgan_gp_is_algorithm_1_of_its_paper() -> None:
    recipe = recipes.wgan_gp(IMAGES)
    assert recipe.penalties == (GradientPenalty(weight=10.0, target=1.0, one_sided=False, at=Between()),)
    assert recipe.generator_optimizer == recipe.critic_optimizer == Adam(1e-4, betas=(0.0, 0.9))
    assert recipe.constraint is None and recipe.prior.size == 128 and recipe.rounds == 200_000
    assert recipe.critic_optimizer.settings(10**6)["lr"] == pytest.approx(1e-4)  # no decay


def test_wgan_gp_on_points_is_the_authors_toy_code() -> None:
    recipe = recipes.wgan_gp(POINTS)
    assert recipe.penalties == (GradientPenalty(weight=0.1),)
    assert recipe.critic_optimizer == Adam(1e-4, betas=(0.5, 0.9))
    assert (recipe.batch, recipe.prior.size, recipe.rounds, recipe.steps(0)) == (256, 2, 100_000, 5)
    generator, critic = recipe.generator.build(POINTS, 2), recipe.critic.build(POINTS)
    assert sum(p.numel() for p in generator.parameters()) == 527_874
    assert sum(p.numel() for p in critic.parameters()) == 527_361


@pytest.mark.parametrize("sample", [POINTS, IMAGES], ids=str)
def test_one_sided_wgan_gp_differs_from_wgan_gp_in_its_name_and_one_flag(sample: SampleSpec) -> None:
    two, one = recipes.wgan_gp(sample), recipes.wgan_gp_one_sided(sample)
    changed = {f.name for f in dataclasses.fields(two) if getattr(two, f.name) != getattr(one, f.name)}
    assert changed == {"name", "penalties"}
    assert one.penalties == (dataclasses.replace(two.penalties[0], one_sided=True),)


def test_wgan_gp_cifar10_is_appendix_f() -> None:
    recipe = recipes.wgan_gp_cifar10()
    assert (recipe.batch, recipe.fakes, recipe.prior.size, recipe.rounds) == (64, 128, 128, 100_000)
    assert (
        recipe.generator_optimizer
        == recipe.critic_optimizer
        == Adam(2e-4, betas=(0.0, 0.9), lr_factor=LinearDecay(100_000, 1.0, 0.0))
    )
    assert recipe.penalties == (GradientPenalty(weight=10.0),) and recipe.steps(0) == 5
    assert recipe.representation.dequantise == "paper" and recipe.data.source == "cifar10"
    generator, critic = recipe.generator.build(IMAGES, 128), recipe.critic.build(IMAGES)
    assert sum(p.numel() for p in generator.parameters()) == 1_204_483
    assert sum(p.numel() for p in critic.parameters()) == 1_053_825
