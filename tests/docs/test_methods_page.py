"""docs/methods.md: it is what its script makes, and its code is what the recipes do."""

from __future__ import annotations

import ast
import inspect

import pytest

from scripts import methods_page
from steadygan.recipes import RECIPES, conditional
from steadygan.types import SampleSpec

WORDS = {name: words for recipes in methods_page.read_words().values() for name, words in recipes.items()}


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_says_when_to_use_it_and_what_to_watch(name):
    assert set(WORDS[name]) == {"use", "watch"}
    for text in WORDS[name].values():
        assert len(text) > 30 and text.endswith(".") and "\n" not in text


def test_no_recipe_stands_in_two_families():
    names = [name for recipes in methods_page.read_words().values() for name in recipes]
    assert len(names) == len(set(names))


def test_the_page_is_what_the_script_makes():
    held = methods_page.PAGE.read_text(encoding="utf-8")
    assert held == methods_page.page(methods_page.read_words()), "stale: python -m scripts.methods_page writes it anew"


@pytest.mark.parametrize("name", RECIPES)
def test_the_code_of_the_page_makes_the_recipe(name):
    code = methods_page.composition(RECIPES[name])
    functions = [node for node in ast.parse(code).body if isinstance(node, ast.FunctionDef)]
    assert all(ast.get_docstring(function) is None for function in functions)
    if code.startswith("# here: "):
        return  # made by another function, see below
    names = dict(vars(inspect.getmodule(RECIPES[name])))
    exec(f"from __future__ import annotations\n{code}", names)
    for sample in (SampleSpec((3, 32, 32), 10), SampleSpec((3, 64, 64), 10)):
        assert names[functions[0].name](sample) == RECIPES[name](sample)


def test_private_functions_that_a_recipe_calls_are_shown_with_it():
    assert "def _classified(" in methods_page.composition(conditional.acgan)


def maker(width: int):
    """Makes a function."""

    def made(sample: SampleSpec) -> int:
        return width

    made.__name__ = made.__qualname__ = "other"
    return made


def test_a_recipe_that_another_function_made_shows_that_function_and_its_values():
    code = methods_page.composition(maker(3))
    assert code.splitlines()[:2] == ["# here: width = 3", "def maker(width: int):"]
    assert "return width" in code and "Makes a function" not in code


def test_a_recipe_that_nobody_wrote_of_is_named():
    with pytest.raises(KeyError, match=r"no family of methods\.yaml has gan, dcgan"):
        methods_page.page({"First": {}})


def test_pictures_are_small():
    for path in methods_page.PICTURES.glob("*.png"):
        assert path.stem in WORDS and path.stat().st_size < methods_page.LARGEST


def test_samples_of_text_are_lines_under_what_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr(methods_page, "PICTURES", tmp_path)
    (tmp_path / "text.txt").write_text("text after some rounds\nto be or\n not\n")
    made = methods_page.section("text", {"use": "u", "watch": "w"})
    assert "```\nto be or\n not\n```\n\n*text after some rounds*" in made
