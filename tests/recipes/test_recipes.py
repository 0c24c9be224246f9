"""All recipes: names, networks that fit, sizes and samples that are refused."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest
import torch

from benchmarks.laptop import on_a_laptop
from steadygan import recipes
from steadygan.errors import UsageError
from steadygan.recipe import Recipe
from steadygan.recipes import RECIPES, by_name, find, summary
from steadygan.representations import OneHot
from steadygan.training.validate import check
from steadygan.types import SampleSpec, scales_of
from tests.recipes.samples import CONDITIONAL, IMAGES, PICTURES, POINTS, RESIDUAL, TEXT

PENALISED = ("wgan-gp", "wgan-gp-one-sided", "wgan-gp-cifar10", "dragan", "acgan-wgan-gp")


TEXTUAL = ("text", "text-gan")


@pytest.mark.parametrize("sample", [POINTS, IMAGES], ids=str)
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_is_called_what_the_command_line_calls_it(name: str, sample: SampleSpec) -> None:
    recipe = RECIPES[name](sample)
    assert isinstance(recipe, Recipe) and recipe.name == name


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_without_a_network_for_text_name_the_one_that_has(name: str) -> None:
    representation = RECIPES[name](TEXT).representation
    if name in TEXTUAL:
        assert representation.fitted(TEXT) == OneHot(40)
        return
    with pytest.raises(UsageError) as error:
        representation.fitted(TEXT)
    assert "recipes for text are text and text-gan" in str(error.value) and "\n" not in str(error.value)


ODD = SampleSpec((1, 28, 28))


FIXED = {
    "resnet101": (8, 32, 64),
    **dict.fromkeys(RESIDUAL, (8, 32, 64)),
    **dict.fromkeys(("biggan-cifar10", "biggan-128"), (8,)),  # tens of millions of parameters at 32 px and more
}
"""Pixels, of those below, that recipes of images only are for."""


GROUPS = {"minibatch-discrimination": 16}
"""Samples that a critic sees together."""


FITTING = [
    (name, SampleSpec(sample.shape, 10) if name in CONDITIONAL else sample)
    for name in RECIPES
    for sample in (POINTS, SampleSpec((1, 8, 8), 10), ODD, IMAGES, SampleSpec((3, 64, 64)))
    if name not in TEXTUAL
    and (name not in FIXED or sample.shape[-1] in FIXED[name])
    and (name not in ("msg-gan", *PICTURES) or sample != POINTS)
    and (name != "r3gan-cifar10" or sample.shape[-1] <= 28)  # 20 million parameters a network
]


FITTING += [(name, TEXT) for name in TEXTUAL]


def fitting() -> Iterator[tuple[str, SampleSpec]]:
    """Each recipe on its smallest sample, and each pair of networks on each sample once."""
    seen: set[object] = set()
    for name, sample in FITTING:
        recipe = RECIPES[name](sample)
        networks = (recipe.generator, recipe.critic, sample)
        if sample.shape[-1] <= 16 or networks not in seen:
            yield name, sample
        seen.add(networks)


@pytest.mark.parametrize(("name", "sample"), list(fitting()), ids=str)
def test_networks_fit_the_samples_and_pass_validation(name: str, sample: SampleSpec) -> None:
    recipe = on_a_laptop(RECIPES[name](sample), width=16)
    generator = recipe.generator.build(sample, recipe.prior.size)
    critic = recipe.critic.build(sample)
    check(recipe, generator, critic)
    count = GROUPS.get(name, 4)
    labels = torch.arange(count) % 2 if sample.classes else None
    with torch.no_grad():
        fake = generator(torch.randn(count, recipe.prior.size), labels)
        score = critic(fake, labels).score
    finest = scales_of(fake)[-1]
    assert finest.shape == (count, *sample.shape) and finest.dtype == torch.float32
    assert score.shape == (count,) and score.dtype == torch.float32


@pytest.mark.parametrize("name", RESIDUAL)
@pytest.mark.parametrize("sample", [POINTS, ODD], ids=str)
def test_residual_recipes_refuse_other_sizes_in_one_line(name: str, sample: SampleSpec) -> None:
    recipe = RECIPES[name](sample)
    for build in (lambda: recipe.generator.build(sample, 4), lambda: recipe.critic.build(sample)):
        with pytest.raises(UsageError, match=r"use MLPGenerator and MLPCritic|bring them to 16 or 32 px"):
            build()


@pytest.mark.parametrize("name", [name for name in PENALISED if name != "wgan-gp-cifar10"])
@pytest.mark.parametrize("sample", [SampleSpec((1, 16, 16), 10), SampleSpec((3, 64, 64), 10)], ids=str)
def test_no_penalised_critic_has_batch_norm(name: str, sample: SampleSpec) -> None:
    critic = RECIPES[name](sample).critic.build(sample)
    assert not any(isinstance(part, torch.nn.modules.batchnorm._BatchNorm) for part in critic.modules())


def test_a_recipe_for_other_images_names_the_sizes_that_fit() -> None:
    sample = SampleSpec((3, 48, 48))
    with pytest.raises(UsageError) as error:
        recipes.wgan_gp_cifar10(sample).critic.build(sample)
    assert "48" in str(error.value) and "\n" not in str(error.value)


@pytest.mark.parametrize(("asked", "name"), [("wgan-gp", "wgan-gp"), ("wgan_gp", "wgan-gp"), ("WGAN-GP", "wgan-gp")])
def test_names_are_known_in_the_spellings_people_use(asked: str, name: str) -> None:
    assert find(asked) is RECIPES[name]


@pytest.mark.parametrize(("asked", "nearest"), [("wgan-pg", "wgan-gp"), ("dcgn", "dcgan"), ("ls-gan", "lsgan")])
def test_unknown_names_get_the_nearest_one_and_the_known_ones(asked: str, nearest: str) -> None:
    with pytest.raises(UsageError) as error:
        find(asked)
    line = str(error.value)
    assert asked in line and f"did you mean '{nearest}'?" in line and "\n" not in line
    assert "'steadygan recipes' lists them" in line


@pytest.mark.parametrize("name", RECIPES)
def test_each_recipe_has_a_line_and_a_paper(name: str) -> None:
    line, paper = summary(name)
    assert 10 < len(line) <= 120 and line.endswith(".")
    assert re.search(r"(et al\.|& \w+) 20", paper)


def test_all_recipe_functions_are_public_and_listed() -> None:
    for name, function in RECIPES.items():
        assert getattr(recipes, function.__name__) is function and function.__name__ in recipes.__all__
        assert function.__name__.replace("_", "-") == name


@pytest.mark.parametrize("classes", [0, 10])
@pytest.mark.parametrize("shape", [(2,), (1, 8, 8), (5, 16, 16), (4, 64), (30, 64), (1, 8, 8, 8)], ids=str)
def test_samples_of_any_shape_have_a_recipe_or_one_line(shape: tuple[int, ...], classes: int) -> None:
    for make in by_name().values():
        with contextlib.suppress(UsageError):
            assert make(SampleSpec(shape, classes)).name
