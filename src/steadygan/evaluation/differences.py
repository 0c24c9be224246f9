"""The settings in which recipes differ: what the columns of a comparison are named by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from steadygan.system.words import visible

NOT_SETTINGS = ("format", "name", "seed", "data.source", "data.cache")
"""fields that decide no training: names, the seed that a column's runs differ in, and places"""
SHOWN = 6
"""differing settings that are listed"""
LONGEST = 24
"""characters of a value that are shown"""
ABSENT = "-"


def differing(recipes: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """The settings that are not equal in all recipes, with the value of each.

    Where a part is of different kinds, the kinds stand for it, and its fields are left out.

    >>> differing([{"critic": {"kind": "MLP", "width": 64}}, {"critic": {"kind": "MLP", "width": 32}}])
    {'critic.width': ('64', '32')}

    Args:
        recipes: as plain data, from recipe.yaml
    """
    flat = [dict(_flattened(recipe)) for recipe in recipes]
    names = dict.fromkeys(name for fields in flat for name in fields)
    found = {name: tuple(fields.get(name, ABSENT) for fields in flat) for name in names}
    found = {name: values for name, values in found.items() if len(set(values)) > 1 and _decides(name)}
    kinds = [name.removesuffix("kind") for name in found if name.endswith(".kind")]
    return {
        name.removesuffix(".kind"): values
        for name, values in found.items()
        if not any(name.startswith(part) and name != f"{part}kind" for part in kinds)
    }


def differences_line(found: Mapping[str, Sequence[str]]) -> str:
    """The differing settings in one line: ``critic.width (64, 32), rounds (100, 200)``; '' for none."""
    shown = [f"{name} ({', '.join(values)})" for name, values in list(found.items())[:SHOWN]]
    more = len(found) - len(shown)
    return ", ".join([*shown, *([f"and {more} more"] if more > 0 else [])])


def _decides(name: str) -> bool:
    """True for a field that decides what a training becomes."""
    return name not in NOT_SETTINGS and (not name.startswith("run.") or name == "run.precision")


def _flattened(recipe: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for name, text in flattened(recipe):
        yield name, text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def flattened(value: Any, name: str = "") -> Iterable[tuple[str, str]]:
    """The settings of a recipe as plain data: each one's path, such as ``critic.width``, and its value as text."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from flattened(item, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list) and any(isinstance(item, Mapping | list) for item in value):
        for index, item in enumerate(value):
            yield from flattened(item, f"{name}[{index}]")
    else:
        yield name, visible(str(value) if not isinstance(value, list) else ", ".join(map(str, value)))
