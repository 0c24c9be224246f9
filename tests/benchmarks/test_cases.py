"""The benchmark's cases: their sizes."""

from __future__ import annotations

import pytest

from benchmarks.speed.cases import NAMES, VARIABLES, case, titled, varied
from steadygan import recipes
from steadygan.errors import UsageError


@pytest.mark.parametrize("name", NAMES)
def test_a_laptop_has_narrower_networks_and_another_title_unless_they_are_fully_connected(name):
    full, laptop = case(name), case(name, laptop=True)
    same = name.startswith("mlp")
    assert (full == laptop) == same
    assert (full.title == laptop.title) == same
    assert laptop.recipe.critic.width <= full.recipe.critic.width
    assert laptop.recipe.objective == full.recipe.objective and laptop.recipe.batch == full.recipe.batch


def test_full_sizes_are_those_of_the_recipes():
    assert case("resnet-32").recipe == recipes.wgan_gp_cifar10(case("resnet-32").sample)
    assert case("text").recipe == recipes.text(case("text").sample)
    assert case("resnet-32").title == "ResNet-32, width 128, batch 64 and 128"
    wide = case("resnet-32-wide").recipe
    assert (wide.generator.width, wide.critic.width) == (256, 128)
    assert case("mlp-small").recipe.generator.width == 128


def test_an_unknown_case_is_one_line_with_the_nearest_name():
    with pytest.raises(UsageError, match="unknown case 'dcgan32'; did you mean 'dcgan-32'"):
        case("dcgan32")


@pytest.mark.parametrize("variable", VARIABLES)
def test_only_the_variable_changes_along_a_slope(variable):
    found = varied(variable, laptop=True)
    assert list(found) == sorted(found) and len(found) >= 3
    seen = {
        (c.recipe.batch, c.sample.shape[-1], c.recipe.critic.width, c.recipe.steps(0)): value
        for value, c in found.items()
    }
    place = VARIABLES.index(variable)
    assert all(sizes[place] == value for sizes, value in seen.items())
    assert len({sizes[:place] + sizes[place + 1 :] for sizes in seen}) == 1
    assert {c.recipe.critic.norm for c in found.values()} == {"none"}
    assert len({titled("", c.recipe) for c in found.values()}) == (len(found) if variable in ("batch", "width") else 1)
