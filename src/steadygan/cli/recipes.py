"""``steadygan recipes``: the list, or one recipe as Python and as YAML."""

from __future__ import annotations

import dataclasses
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from steadygan import codec
from steadygan import recipe as recipes
from steadygan.cli.as_json import add_json, print_json
from steadygan.cli.parser import Parser, at_least
from steadygan.errors import UsageError
from steadygan.recipes import find, listed, summary
from steadygan.schedules import Constant
from steadygan.system.terminal import is_terminal, raw_of, width_of
from steadygan.system.words import wrapped
from steadygan.types import SampleSpec

WIDTH = 100


def run(arguments: Sequence[str]) -> int:
    """Lists the recipes, or shows one."""
    parser = Parser("recipes", "Lists the recipes, or shows one as Python and as YAML.")
    parser.add_argument("name", nargs="?", metavar="NAME", help="a recipe (default: lists them all)")
    parser.add_argument(
        "--size", type=at_least(1), metavar="N", help="for pictures of N px and 10 classes (default: 32)"
    )
    parser.add_argument("--points", action="store_true", help="for points in the plane")
    parser.add_argument("--yaml", action="store_true", help="the YAML alone: '> mine.yaml' makes a file for 'train'")
    parser.add_argument("--python", action="store_true", help="the Python alone")
    add_json(parser)
    values = parser.parse(arguments)
    if values.json and (values.yaml or values.python):
        raise UsageError("--json, --yaml and --python are three forms; give one of them")
    if values.name is None:
        if values.yaml or values.python or values.size or values.points:
            raise UsageError("these options show one recipe: name it, such as 'steadygan recipes wgan-gp --yaml'")
        if values.json:
            print_json("recipes", map(_entry, listed()))
            return 0
        width = width_of(raw_of(sys.stdout)) - 1 if is_terminal(raw_of(sys.stdout)) else WIDTH
        print("\n".join(list_lines(min(WIDTH, width))))
        return 0
    if values.size and values.points:
        raise UsageError("--size is of pictures, and --points shows the recipe for points; give one of them")
    size = values.size or 32
    sample = SampleSpec((2,)) if values.points else SampleSpec((3, size, size), classes=10)
    made = find(values.name)(sample)
    if values.json:
        print_json("recipes", [{**_entry(values.name), "recipe": codec.to_plain(made)}])
        return 0
    if values.python or not values.yaml:
        print(as_python(made))
    if values.yaml == values.python:
        print()
    if values.yaml or not values.python:
        print(recipes.dumps(made), end="")
    return 0


def _entry(name: str) -> dict[str, str]:
    what, paper = summary(name)
    return {"name": name, "what": what, "paper": paper}


def list_lines(width: int) -> list[str]:
    """The recipes, each with what it is and its paper."""
    names = listed()
    column = max(map(len, names)) + 2
    lines = []
    for name in names:
        what, paper = summary(name)
        if width < 3 * column:
            lines += [name, *(part for text in (what, paper) for part in wrapped(f"  {text}", width))]
            continue
        margin = " " * column
        lines += textwrap.wrap(what, width, initial_indent=f"{name:<{column}}", subsequent_indent=margin)
        lines += textwrap.wrap(paper, width, initial_indent=margin, subsequent_indent=margin)
    return [*lines, "", "'steadygan recipes NAME' shows one, 'steadygan train NAME' trains it."]


def as_python(value: Any, indent: int = 0) -> str:
    """A spec as the Python expression that makes it, over several lines if it is long.

    Fields that are None, False or empty by default are left out, and so are schedules that multiply by 1.
    """
    if isinstance(value, tuple):
        inner = [as_python(item, indent + 4) for item in value]
        return _joined("(", inner, ",)" if len(inner) == 1 else ")", indent)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return repr(value)
    shown = [
        f"{field.name}={as_python(getattr(value, field.name), indent + 4)}"
        for field in dataclasses.fields(value)
        if not _is_omitted(field, getattr(value, field.name), of_recipe=isinstance(value, recipes.Recipe))
    ]
    return _joined(f"{type(value).__name__}(", shown, ")", indent)


def _is_omitted(field: dataclasses.Field[Any], value: Any, *, of_recipe: bool) -> bool:
    if field.default is dataclasses.MISSING or value != field.default:
        return False
    return value is None or value is False or value == () or (value == Constant(1.0) and not of_recipe)


def _joined(start: str, parts: list[str], end: str, indent: int) -> str:
    line = start + ", ".join(parts) + end
    if len(line) + indent <= WIDTH and "\n" not in line and not line.startswith("Recipe("):
        return line
    margin = " " * (indent + 4)
    body = "".join(f"{margin}{part},\n" for part in parts)
    return f"{start}\n{body}{' ' * indent}{end.lstrip(',')}"
