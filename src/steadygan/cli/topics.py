"""Help by topic: the options that most need on two screens, the fields of a recipe by the part that they are of."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from steadygan.cli.fields import Field, help_lines, walk
from steadygan.errors import UsageError, enumerated, nearest

GENERAL, ALL, RECIPES = "recipe", "all", "recipes"
_WORDS = {
    "discriminator": "critic",
    "loss": "objective",
    "losses": "objective",
    "penalty": "penalties",
    "augmentation": "perturbation",
    "noise": "perturbation",
    "latent": "prior",
    "latents": "prior",
    "ema": "average",
    "dataset": "data",
    "fields": ALL,
    "everything": ALL,
}
_OPTIMIZER = ("optimizer", "optimizers", "optimiser", "adam", "lr")
_SEVERAL = {"networks": ("generator", "critic"), "network": ("generator", "critic")} | dict.fromkeys(
    _OPTIMIZER, ("generator-optimizer", "critic-optimizer")
)


def split_help(arguments: Sequence[str], recipes: Sequence[str]) -> tuple[list[str], str | None]:
    """The arguments without ``--help [TOPIC]``, and the topic: '' for none, None if no help is asked for.

    A recipe's name after ``--help`` is no topic.
    """
    words = list(arguments)
    place = next((index for index, word in enumerate(words) if word in ("--help", "-h")), None)
    if place is None:
        equals = next((index for index, word in enumerate(words) if word.startswith("--help=")), None)
        if equals is None:
            return words, None
        return [*words[:equals], *words[equals + 1 :]], words[equals].partition("=")[2]
    after = words[place + 1 : place + 2]
    named = bool(after) and not after[0].startswith("-") and after[0] not in recipes and ":" not in after[0]
    rest = [*words[:place], *words[place + 1 + named :]]
    return rest, after[0] if named else ""


def topics(spec: Any) -> dict[str, str]:
    """The topics of a recipe's help, each with a line: the parts of the recipe, and its plain fields."""
    listed = {GENERAL: "batch, rounds, seed and other plain fields"}
    for field in walk(spec):
        if field.is_part and "." not in field.path:
            kind = "none" if not field.value else _kinds_of(field)
            listed[field.path] = f"{field.doc.partition(';')[0]} (here: {kind})"
    return {**listed, RECIPES: "the recipes and what each is", ALL: "every field"}


def _kinds_of(field: Field) -> str:
    items = field.value if isinstance(field.value, tuple) else (field.value,)
    return ", ".join(type(item).__name__ for item in items)


def topic_lines(spec: Any, topic: str, width: int) -> list[str]:
    """The fields of a topic.

    Raises:
        UsageError: with the nearest one, for an unknown topic.
    """
    known = topics(spec)
    word = topic.lower().replace("_", "-")
    if word.startswith("-") or word not in known:
        word = word.strip("-").partition(".")[0]
    word = _WORDS.get(word, word)
    if word == ALL:
        return help_lines(spec, width)
    if word == RECIPES:
        from steadygan.cli.recipes import list_lines

        return list_lines(width)
    parts = _SEVERAL.get(word, (word,))
    if any(part not in known for part in parts):
        names = [*known, *_WORDS, *_SEVERAL]
        raise UsageError(f"unknown help topic '{topic}'{nearest(word, names)} (known: {enumerated(known, 240)})")

    def wanted(field: Field) -> bool:
        first = field.path.partition(".")[0]
        return first in parts or (GENERAL in parts and not field.is_part and "." not in field.path)

    return help_lines(spec, width, wanted)


def overview(spec: Any, width: int) -> list[str]:
    """The topics, each with a line."""
    known = topics(spec)
    column = max(map(len, known)) + 4
    lines = []
    for name, what in known.items():
        lines += textwrap.wrap(
            what,
            width,
            initial_indent=f"  {name}".ljust(column),
            subsequent_indent=" " * column,
            break_on_hyphens=False,
        )
    return lines
