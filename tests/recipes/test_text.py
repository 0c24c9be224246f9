"""Recipes for text: the numbers of the language model."""

from __future__ import annotations

import dataclasses

from steadygan import recipes
from steadygan.losses import NonSaturating, Wasserstein
from steadygan.networks import TextCritic, TextGenerator
from steadygan.objectives import Adversarial
from steadygan.optimizers import Adam
from steadygan.penalties import Between, GradientPenalty
from steadygan.representations import OneHot
from tests.recipes.samples import IMAGES, TEXT


def test_text_has_the_numbers_of_the_language_model() -> None:
    recipe, optimizer = recipes.text(TEXT), Adam(1e-4, betas=(0.5, 0.9))
    assert (recipe.generator, recipe.critic) == (TextGenerator(512, 5, 5, 0.3), TextCritic(512, 5, 5, 0.3))
    assert recipe.objective == Adversarial(Wasserstein()) and recipe.penalties == (GradientPenalty(10.0, at=Between()),)
    assert (recipe.batch, recipe.steps(0), recipe.rounds, recipe.prior.size) == (64, 10, 200_000, 128)
    assert recipe.generator_optimizer == recipe.critic_optimizer == optimizer
    assert recipe.representation == OneHot(40) and recipes.text(IMAGES).representation == OneHot()


def test_text_gan_differs_in_its_loss_and_its_penalty_only() -> None:
    changed = dataclasses.replace(
        recipes.text(TEXT), name="text-gan", objective=Adversarial(NonSaturating()), penalties=()
    )
    assert recipes.text_gan(TEXT) == changed
