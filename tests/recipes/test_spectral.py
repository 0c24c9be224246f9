"""SNGAN and SAGAN: the papers' settings, and spectral norms in every layer of the critic."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from steadygan import recipes
from steadygan.errors import UsageError
from steadygan.losses import Hinge
from steadygan.networks import ResNetCritic, ResNetGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam, two_time_scale
from steadygan.recipes import find, summary
from steadygan.schedules import LinearDecay
from steadygan.types import SampleSpec
from tests.networks.spectral import spectral_norms
from tests.recipes.samples import IMAGES


@pytest.mark.parametrize(
    ("name", "lr", "betas", "steps"),
    [
        ("sngan-a", 1e-4, (0.5, 0.9), 5),
        ("sngan-b", 1e-4, (0.5, 0.999), 1),
        ("sngan-c", 2e-4, (0.5, 0.999), 1),
        ("sngan-d", 1e-3, (0.5, 0.9), 5),
        ("sngan-e", 1e-3, (0.5, 0.999), 5),
        ("sngan-f", 1e-3, (0.9, 0.999), 5),
    ],
)
def test_sngan_at_a_setting_is_sngan_with_the_papers_adam_and_critic_steps(name, lr, betas, steps) -> None:
    recipe, base = find(name)(IMAGES), recipes.sngan(IMAGES)
    assert recipe.name == name and recipe == recipes.sngan_setting(name[-1], IMAGES)
    changes = {f.name for f in dataclasses.fields(base) if getattr(base, f.name) != getattr(recipe, f.name)}
    assert changes <= {"name", "critic_steps", "generator_optimizer", "critic_optimizer"}
    assert recipe.generator_optimizer == recipe.critic_optimizer == Adam(lr, betas)
    assert recipe.steps(0) == recipe.steps(500) == steps
    assert f"{lr:.0e}".replace("e-0", "e-") in summary("sngan-SETTING")[1]


def test_another_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"unknown setting of SN-GAN 'g'.*a, b, c, d, e, f"):
        recipes.sngan_setting("g")
    with pytest.raises(UsageError, match=r"unknown recipe 'sngan-g'; did you mean 'sngan-f'"):
        find("sngan-g")


@pytest.mark.parametrize("name", ["sngan", "sngan-d", "sngan-cifar10", "sagan", "projection"])
def test_every_layer_of_a_spectral_recipes_critic_is_normalised(name: str) -> None:
    recipe = find(name)(SampleSpec((3, 32, 32), 10))
    assert recipe.objective == Adversarial(Hinge()) and not recipe.penalties
    critic = recipe.critic.build(SampleSpec((3, 32, 32), 10))
    layers = [m for m in critic.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear | torch.nn.Embedding)]
    assert len(spectral_norms(critic)) == len(layers)


def test_sngan_cifar10_has_the_papers_networks() -> None:
    recipe = recipes.sngan_cifar10()
    assert recipe.critic_optimizer == Adam(2e-4, betas=(0.0, 0.9), lr_factor=LinearDecay(100_000, 1.0, 0.0))
    generator, critic = recipe.generator.build(IMAGES, 128), recipe.critic.build(IMAGES)
    assert sum(p.numel() for p in generator.parameters()) == 4_276_739
    assert sum(p.numel() for p in critic.parameters()) == 1_053_825


def test_sagan_has_two_rates_attention_and_classes_where_the_data_has_labels() -> None:
    recipe = recipes.sagan(SampleSpec((3, 32, 32), 10))
    assert (recipe.generator_optimizer, recipe.critic_optimizer) == two_time_scale()
    assert (recipe.generator_optimizer.lr, recipe.critic_optimizer.lr, recipe.steps(0)) == (1e-4, 4e-4, 1)
    assert recipe.generator == ResNetGenerator(64, conditional=True, spectral=True, attention=16)
    assert recipe.critic == ResNetCritic(64, pool="sum", spectral=True, projection=True, attention=16)
    plain = recipes.sagan(SampleSpec((3, 32, 32)))
    assert plain.generator == dataclasses.replace(recipe.generator, conditional=False)
    assert plain.critic == dataclasses.replace(recipe.critic, projection=False)
    assert [recipes.sagan(SampleSpec((3, size, size))).critic.attention for size in (8, 64, 128)] == [4, 32, 32]
