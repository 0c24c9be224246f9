"""Conditional recipes: the papers' numbers, networks that take labels."""

from __future__ import annotations

import dataclasses

import pytest

from steadygan import recipes
from steadygan.errors import UsageError
from steadygan.losses import NonSaturating, Wasserstein
from steadygan.networks import LabelledGenerator
from steadygan.networks.layers.inspect import is_conditional
from steadygan.objectives import Adversarial, AuxiliaryClassifier
from steadygan.recipes import RECIPES
from steadygan.types import SampleSpec
from tests.recipes.samples import CONDITIONAL, IMAGES, PICTURES, POINTS, RESIDUAL


def test_acgan_has_the_weights_of_its_paper_and_on_wgan_gp_those_of_its_code() -> None:
    expected = AuxiliaryClassifier(Adversarial(NonSaturating()), 1.0, 1.0, classify_fakes=True)
    assert recipes.acgan(IMAGES).objective == expected
    recipe, base = recipes.acgan_wgan_gp(IMAGES), recipes.wgan_gp(IMAGES)
    assert recipe.objective == AuxiliaryClassifier(Adversarial(Wasserstein()), 1.0, 0.1, classify_fakes=False)
    assert recipe.penalties == base.penalties and recipe.steps(0) == 5


def test_acgan_on_wgan_gp_has_the_authors_networks_at_32_px_and_labelled_latents_elsewhere() -> None:
    recipe, base = recipes.acgan_wgan_gp(IMAGES), recipes.wgan_gp_cifar10(IMAGES)
    assert recipe.generator == dataclasses.replace(base.generator, conditional=True)
    assert recipe.critic == dataclasses.replace(base.critic, class_logits=True)
    assert (recipe.generator_optimizer, recipe.fakes) == (base.generator_optimizer, 128)
    assert recipe.representation == base.representation and recipe.data.source == "digits"
    for sample in (POINTS, SampleSpec((1, 8, 8)), SampleSpec((3, 64, 64))):
        assert isinstance(recipes.acgan_wgan_gp(sample).generator, LabelledGenerator)


@pytest.mark.parametrize("name", [name for name in CONDITIONAL if name != "sgan"])  # whose critics are told no class
@pytest.mark.parametrize("sample", [POINTS, SampleSpec((3, 8, 8)), SampleSpec((3, 32, 32))], ids=str)
def test_conditional_recipes_follow_the_class_in_both_networks_and_refuse_data_without_labels(name, sample) -> None:
    if sample == POINTS and name in (*RESIDUAL, *PICTURES):
        pytest.skip("its networks are for images")
    recipe = RECIPES[name](sample)
    assert recipe.generator.conditional
    assert getattr(recipe.critic, "class_logits", False) or recipe.critic.projection
    assert is_conditional(recipe.generator.build(dataclasses.replace(sample, classes=3), 4))
    for build in (lambda: recipe.generator.build(sample, 4), lambda: recipe.critic.build(sample)):
        with pytest.raises(UsageError, match="needs data with labels"):
            build()
