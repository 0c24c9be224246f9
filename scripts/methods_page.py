"""Writes docs/methods.md: each recipe with its paper, its composition as code, a picture, and when to use it.

    python -m scripts.methods_page            writes the page
    python -m scripts.methods_page --check    checks that the page is up to date

The words come from the recipes' docstrings and from docs/methods.yaml, the code from the recipes' source, the pictures
with their descriptions from docs/pictures/methods/ (`python -m benchmarks.recipe_table` makes them); text recipes have
a .txt there, whose first line is the description.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from PIL import Image

from steadygan.recipes import RECIPES, summary

DOCS = Path(__file__).resolve().parent.parent / "docs"
WORDS = DOCS / "methods.yaml"
PAGE = DOCS / "methods.md"
PICTURES = DOCS / "pictures" / "methods"

TABLE = DOCS / "recipe-table.md"
LARGEST = 60_000
"""bytes of a picture"""

Families = Mapping[str, Mapping[str, Mapping[str, str]]]
"""family -> recipe -> 'use' and 'watch'"""

HEAD = """\
# Methods

One section for each recipe. The code is the recipe's own, so it is the whole method: every part it names is a value
that can be replaced ([README](../README.md)); networks that it leaves open come from `recipes/backbones.py`.
`steadygan recipes NAME` shows what it makes for some data, `steadygan train NAME` trains it; what a round of it costs
stands in [speed.md](speed.md). What goes with any of them (augmentation, rates, noise, families of settings) is in
[parts.md](parts.md).

*Made by `python -m scripts.methods_page` from the recipes and `methods.yaml`: not written by hand.*
"""


def read_words(path: Path = WORDS) -> Families:
    """The hand-written words of docs/methods.yaml."""
    families: Families = yaml.safe_load(path.read_text(encoding="utf-8"))
    return families


def composition(function: Callable[..., Any]) -> str:
    """A recipe's source without docstrings, and that of the private functions of its module that it calls.

    Of a closure, the source of the function that made it, and the values it was made with.
    """
    code = function.__code__
    maker = code.co_qualname.partition(".<locals>")[0]
    if maker != code.co_qualname:
        made = getattr(inspect.getmodule(function), maker)
        values = ", ".join(f"{name} = {value!r}" for name, value in inspect.getclosurevars(function).nonlocals.items())
        return f"# here: {values}\n{_source(made)}"
    shown, queue = [function], [function]
    while queue:
        for called in _private_calls(queue.pop()):
            if called not in shown:
                shown.append(called)
                queue.append(called)
    return "\n\n\n".join(_source(part) for part in shown)


def _private_calls(function: Callable[..., Any]) -> list[Callable[..., Any]]:
    module = inspect.getmodule(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id.startswith("_")]
    called = [getattr(module, name, None) for name in dict.fromkeys(names)]
    return [each for each in called if inspect.isfunction(each) and each.__module__ == function.__module__]


def _source(function: Callable[..., Any]) -> str:
    """A function without its docstring."""
    source = textwrap.dedent(inspect.getsource(function))
    node = ast.parse(source).body[0]
    assert isinstance(node, ast.FunctionDef)
    lines = source.splitlines()
    if ast.get_docstring(node) is not None:
        words = node.body[0]
        del lines[words.lineno - 1 : words.end_lineno]
    return "\n".join(lines).strip("\n")


def section(name: str, words: Mapping[str, str]) -> str:
    """The section of a recipe."""
    what, paper = summary(name)
    parts = [f"### `{name}`", what, paper, f"```python\n{composition(RECIPES[name])}\n```"]
    picture = PICTURES / f"{name}.png"
    if picture.exists():
        with Image.open(picture) as image:
            description = str(image.info.get("Description", f"samples of {name}"))
        parts += [f"![{description}](pictures/methods/{name}.png)", f"*{description}*"]
    lines = PICTURES / f"{name}.txt"
    if lines.exists():
        description, _, samples = lines.read_text(encoding="utf-8").partition("\n")
        parts += [f"```\n{samples.rstrip()}\n```", f"*{description}*"]
    parts += [f"**When to use it.** {words['use']}", f"**What to watch.** {words['watch']}"]
    return "\n\n".join(part for part in parts if part)


def page(families: Families) -> str:
    """The page; recipes that do not exist are left out.

    Raises:
        KeyError: for a recipe without a family.
    """
    known = {name for recipes in families.values() for name in recipes}
    missing = [name for name in RECIPES if name not in known]
    if missing:
        raise KeyError(f"no family of {WORDS.name} has {', '.join(missing)}: say when to use it and what to watch")
    parts, contents = [], []
    for family, recipes in families.items():
        present = [name for name in recipes if name in RECIPES]
        if not present:
            continue
        contents.append(f"- {family}: " + ", ".join(f"[{name}](#{name})" for name in present))
        parts += [f"## {family}", *(section(name, recipes[name]) for name in present)]
    compared = (
        [f"All of them at equal time, with the same tuning: [{TABLE.name}]({TABLE.name})."] if TABLE.exists() else []
    )
    return "\n\n".join([HEAD.strip(), *compared, "\n".join(contents), *parts]) + "\n"


def main() -> int:
    """Writes or checks the page; returns the exit code."""
    made = page(read_words())
    if "--check" in sys.argv[1:]:
        written = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
        print(f"{PAGE.name} is {'up to date' if written == made else 'stale: python -m scripts.methods_page'}")
        return int(written != made)
    PAGE.write_text(made, encoding="utf-8", newline="\n")
    print(f"written: {PAGE}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
