"""BigGAN's recipes: the settings of paper and code, and the terms that a round is made of."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from steadygan import recipes
from steadygan.losses import Hinge
from steadygan.networks import BigGANCritic, BigGANGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import Orthogonal
from steadygan.priors import Normal
from steadygan.recipes import find
from steadygan.schedules import Constant
from steadygan.types import SampleSpec
from tests.networks.spectral import refine_spectral_norms, spectral_norms
from tests.training.games import image_data, table, training_round

NAMES = ("biggan", "biggan-cifar10", "biggan-128")
LARGE = SampleSpec((3, 128, 128), 1000)


@pytest.mark.parametrize("name", NAMES)
def test_they_share_hinge_projection_spectral_norm_and_adam_without_momentum(name) -> None:
    recipe = find(name)(SampleSpec((3, 32, 32), 10))
    assert recipe.objective == Adversarial(Hinge()) and recipe.critic.projection
    assert recipe.generator.spectral and recipe.critic.spectral
    assert recipe.generator.shared == (None if name == "biggan-cifar10" else 128)
    assert recipe.generator_optimizer.betas == recipe.critic_optimizer.betas == (0.0, 0.999)
    assert recipe.average.ramp is None
    assert recipe.average.decay(recipe.fakes, 10**9, 10**6) == pytest.approx(0.9999, rel=1e-7)


def test_the_cifar_recipe_is_the_codes_run() -> None:
    recipe = recipes.biggan_cifar10()
    assert recipe.generator == BigGANGenerator(64, shared=None, hierarchical=False, init="normal_0.02")
    assert recipe.critic == BigGANCritic(64, init="normal_0.02")
    assert (recipe.batch, recipe.steps(0), recipe.rounds, recipe.average.start) == (50, 4, 125_000, 1_000)
    assert recipe.generator_optimizer == recipe.critic_optimizer == Adam(2e-4, (0.0, 0.999))
    assert recipe.prior == Normal(128) and not recipe.penalties and recipe.data.source == "cifar10"


def test_the_large_recipe_is_the_papers() -> None:
    recipe = recipes.biggan_128(LARGE)
    assert recipe.generator == BigGANGenerator(96, attention=(64,))
    assert recipe.critic == BigGANCritic(96, attention=(64,))
    assert (recipe.batch, recipe.steps(0), recipe.average.start) == (2048, 2, 20_000)
    assert recipe.generator_optimizer == Adam(5e-5, (0.0, 0.999), eps=1e-6)
    assert recipe.critic_optimizer == Adam(2e-4, (0.0, 0.999), eps=1e-6)
    assert recipe.penalties == (Orthogonal(1e-4),) and recipe.prior == Normal(6 * 20)


@pytest.mark.parametrize(
    ("size", "latent", "attention"),
    [(8, 40, ()), (16, 60, ()), (32, 80, (16,)), (64, 100, (32,)), (128, 120, (64,)), (256, 140, (64,))],
)
def test_the_laptops_recipe_has_twenty_numbers_a_chunk_and_attention_at_half_the_size(size, latent, attention) -> None:
    recipe = recipes.biggan(SampleSpec((3, size, size), 10))
    assert recipe.prior == Normal(latent)
    assert recipe.generator.attention == recipe.critic.attention == attention


def tiny(**changes):
    recipe = recipes.biggan(SampleSpec((1, 8, 8), 10))
    small = {"generator": BigGANGenerator(2, shared=4), "critic": BigGANCritic(2), "batch": 8, "prior": Normal(6)}
    return dataclasses.replace(recipe, **{**small, **changes})


def test_each_critic_step_has_reals_and_latents_of_its_own() -> None:
    _, _, drawer = table(tiny(), image_data())
    first, second = drawer.round(0, 0).critic
    assert not torch.equal(first.latents, second.latents)
    assert not set(first.real.samples.tolist()) & set(second.real.samples.tolist())


def test_logged_singular_values_are_those_of_the_weights_once_the_iteration_has_converged() -> None:
    from steadygan.networks.layers.inspect import readings

    game, feed, drawer = table(tiny(), image_data())
    for round_ in range(3):
        training_round(game, feed, drawer.round(round_, 16 * round_), round_, 8 * round_)
    for network in (game.generator, game.critic):
        refine_spectral_norms(network, 300)
        logged = {k.removeprefix("sigma/"): v for k, v in readings(network).items() if k.startswith("sigma/")}
        assert logged.keys() == spectral_norms(network).keys() and len(logged) > 5
        for name, sigma in logged.items():
            weight = network.get_submodule(name).parametrizations["weight"].original.detach().double()
            largest = torch.linalg.svdvals(weight.flatten(1))[0]
            assert sigma.item() == pytest.approx(largest.item(), rel=1e-3)


@pytest.mark.slow
def test_traced_steps_have_the_eager_gradients() -> None:
    from steadygan.training.setup import SetupBuilder
    from tests.training.worlds import traced_errors

    """Without orthogonal weights and spectral norms, which are traced in smaller networks."""
    generator = BigGANGenerator(2, shared=4, attention=(8,), spectral=False)
    recipe = tiny(critic_steps=Constant(1), penalties=(), generator=generator, critic=BigGANCritic(2, spectral=False))
    found = traced_errors(SetupBuilder(recipe, image_data(), torch.device("cpu")))
    assert max(found.values()) < 1e-9
