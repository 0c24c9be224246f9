"""Names of recipes and runs where the current folder has files of these names."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from steadygan.api import read_recipe
from steadygan.recipe import Recipe, dumps
from steadygan.recipes import wgan_gp
from steadygan.run import find_run


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", ["wgan-gp", "wgan_gp"])
def test_a_recipes_name_is_the_recipe_and_a_path_the_file(here, name):
    (here / name).write_text(dumps(Recipe(name="mine")))
    with pytest.warns(UserWarning, match=rf"recipe '{name}'.*'\./{name}'"):
        assert read_recipe(name) is wgan_gp
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_recipe(f"./{name}") == read_recipe(Path(name)) == Recipe(name="mine")


def test_a_folder_of_a_recipes_name_changes_nothing_without_a_word(here):
    (here / "wgan-gp").mkdir()
    with pytest.warns(UserWarning, match="recipe 'wgan-gp'"):
        assert read_recipe("wgan-gp") is wgan_gp


def run_in(folder):
    folder.mkdir(parents=True)
    (folder / "recipe.yaml").write_text(dumps(Recipe()))


def test_a_runs_name_is_one_below_runs_and_a_path_a_folder(here):
    run_in(here / "mine")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert find_run("mine") == Path("mine")  # there is one alone
        run_in(here / "runs" / "mine")
        assert find_run("./mine") == find_run(Path("mine")) == Path("mine")
        assert find_run("runs/mine") == Path("runs/mine")
    with pytest.warns(UserWarning, match="'mine' is runs/mine"):
        assert find_run("mine") == Path("runs/mine")
