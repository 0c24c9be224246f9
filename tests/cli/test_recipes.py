"""``steadygan recipes``: the list, and a recipe as Python and as YAML."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from steadygan import api
from steadygan import recipe as recipes
from steadygan.cli import main
from steadygan.cli.recipes import as_python
from steadygan.recipes import RECIPES
from steadygan.types import SampleSpec
from tests.cli.lines import SMALL


def test_recipes_are_listed_with_a_line_and_a_paper(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes"]) == 0
    said = capsys.readouterr().out
    for name in RECIPES:
        assert re.search(rf"^{name} ", said, re.MULTILINE)
    assert "Gulrajani et al. 2017" in said


@pytest.mark.parametrize("sample", [SampleSpec((3, 32, 32)), SampleSpec((3, 64, 64)), SampleSpec((2,))], ids=str)
@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_as_python_is_that_recipe(name: str, sample: SampleSpec) -> None:
    recipe = RECIPES[name](sample)
    text = as_python(recipe)
    assert eval(text, dict(recipes.names())) == recipe
    assert all(len(line) <= 120 for line in text.splitlines())


def test_a_recipe_is_shown_as_python_and_as_yaml(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "wgan-gp", "--points"]) == 0
    python, _, text = capsys.readouterr().out.partition("\n\n")
    made = RECIPES["wgan-gp"](SampleSpec((2,)))
    assert eval(python, dict(recipes.names())) == made
    assert recipes.loads(text) == made
    assert "critic=MLPCritic(" in python


def test_a_recipes_yaml_can_be_changed_and_trained(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recipes", "wgan-gp", "--yaml"]) == 0
    Path("mine.yaml").write_text(capsys.readouterr().out.replace("rounds: 200000", "rounds: 1"))
    assert main(["train", "mine.yaml", *SMALL, "--data", "digits", "--out", "run"]) == 0
    assert api.load("run").recipe.critic_steps(0) == 1
    assert api.load("run").finished
