"""StyleGAN2: the numbers of its authors' code, by size and preset."""

from __future__ import annotations

import pytest

from steadygan import recipes
from steadygan.errors import UsageError
from steadygan.losses import NonSaturating
from steadygan.objectives import Adversarial
from steadygan.optimizers import lazily_corrected
from steadygan.penalties import R1, PathLength
from steadygan.perturbations import Adaptive, Augment
from steadygan.phases import lazy_correction
from steadygan.recipe import dumps, loads
from steadygan.types import SampleSpec


def settings(recipe, player):
    optimizer = recipe.generator_optimizer if player == "generator" else recipe.critic_optimizer
    return lazily_corrected(optimizer.settings(0), lazy_correction(recipe.phases, player))


@pytest.mark.parametrize(
    ("side", "batch", "gamma", "base"),
    [(32, 32, 0.0064, 16384), (64, 32, 0.0256, 16384), (128, 32, 0.1024, 16384), (256, 16, 0.8192, 16384),
     (512, 8, 6.5536, 32768), (1024, 4, 52.4288, 32768)],
)  # fmt: skip
def test_the_automatic_settings_go_by_the_size(side, batch, gamma, base):
    recipe = recipes.stylegan2_preset("auto", SampleSpec((3, side, side)))
    assert (recipe.batch, recipe.critic.group, recipe.generator.base, recipe.generator.mapping) == (batch, 4, base, 2)
    r1, length = recipe.penalties
    assert r1.gamma == pytest.approx(gamma) and r1.every == 16 and length == PathLength(2.0, every=4)
    assert recipe.average.half_life == pytest.approx(batch * 10_000 / 32) and recipe.average.ramp == 0.05
    assert recipe.generator_optimizer.lr == (0.002 if side == 1024 else 0.0025)


@pytest.mark.parametrize(
    ("name", "batch", "group", "base", "gamma", "rate", "images"),
    [("f", 32, 4, 32768, 10, 0.002, 10e3), ("256", 64, 8, 16384, 1, 0.0025, 20e3),
     ("512", 64, 8, 32768, 0.5, 0.0025, 20e3), ("1024", 32, 4, 32768, 2, 0.002, 10e3)],
)  # fmt: skip
def test_the_papers_presets(name, batch, group, base, gamma, rate, images):
    recipe = recipes.stylegan2_preset(name, SampleSpec((3, 64, 64)))
    assert (recipe.batch, recipe.critic.group, recipe.generator.base) == (batch, group, base)
    assert (recipe.generator.mapping, recipe.generator.mixing, recipe.critic.residual) == (8, 0.9, True)
    assert (recipe.penalties[0].gamma, recipe.generator_optimizer.lr) == (gamma, rate)
    assert recipe.average.half_life == images and recipe.average.ramp is None
    assert recipe.objective == Adversarial(NonSaturating()) and recipe.batch * recipe.rounds == pytest.approx(25e6)


def test_adam_is_corrected_for_lazy_penalties_as_in_the_authors_code():
    recipe = recipes.stylegan2_preset("auto", SampleSpec((3, 64, 64)))
    assert settings(recipe, "generator")["lr"] == pytest.approx(0.002)
    assert settings(recipe, "generator")["betas"] == pytest.approx((0.0, 0.9919920), abs=1e-7)
    assert settings(recipe, "critic")["lr"] == pytest.approx(0.00235294, abs=1e-8)
    assert settings(recipe, "critic")["betas"] == pytest.approx((0.0, 0.9905855), abs=1e-7)
    slower = recipes.stylegan2_preset("1024")
    assert [settings(slower, player)["lr"] for player in ("generator", "critic")] == pytest.approx(
        [0.0016, 0.00188235], abs=1e-8
    )


@pytest.mark.parametrize("classes", [0, 10])
def test_the_cifar_preset_has_the_correction_of_a_path_length_that_it_does_not_have(classes):
    recipe = recipes.stylegan2_ada_preset("cifar", SampleSpec((3, 32, 32), classes))
    assert recipe.penalties == (R1(0.01, every=16),)
    assert settings(recipe, "generator")["lr"] == pytest.approx(0.002)
    assert settings(recipe, "generator")["betas"][1] == pytest.approx(0.9919920, abs=1e-7)
    assert settings(recipe, "critic")["lr"] == pytest.approx(0.00235294, abs=1e-8)
    assert (recipe.generator.mixing, recipe.critic.residual, recipe.critic.group) == (0.0, False, 32)
    assert recipe.generator.conditional is recipe.critic.conditional is (classes > 0)
    assert recipe.average.decay(64, 10**9) == pytest.approx(0.9999112811, abs=1e-10)
    assert recipe.batch * recipe.rounds == 100e6


def test_the_average_forgets_half_in_ten_thousand_images_and_copies_at_first():
    average = recipes.stylegan2_preset("auto", SampleSpec((3, 64, 64))).average
    assert average.decay(32, 10**7) == pytest.approx(0.9977843871, abs=1e-10)
    assert average.decay(32, 32) < 1e-5


def test_ada_moves_p_by_4_batches_of_500_thousand_images():
    recipe = recipes.stylegan2_ada_preset("auto", SampleSpec((3, 64, 64)))
    assert recipe.perturbation == Adaptive(Augment(("blit", "geometry", "color")), 0.6, 500_000, 4)
    import torch

    state = recipe.perturbation.initial_state()
    for _ in range(4 * 7):
        state = recipe.perturbation.next_state(torch.ones(32), state, 32)
    assert state[0].item() == pytest.approx(4 * 32 * 7 / 5e5, rel=1e-5)


@pytest.mark.parametrize("name", ["stylegan2-auto", "stylegan2-ada-cifar", "stylegan2-ada", "stylegan2-f"])
def test_recipes_are_found_by_name_and_go_through_yaml(name):
    recipe = recipes.find(name)(SampleSpec((3, 32, 32), 10))
    assert recipe.name == name and loads(dumps(recipe)) == recipe


def test_an_unknown_preset_is_refused_with_the_nearest():
    with pytest.raises(UsageError, match="cifar"):
        recipes.stylegan2_preset("cifar10")
