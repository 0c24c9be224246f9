"""What may stand in a recipe's fields: specs of the built-in kinds, and parts of the user's own like them."""

from __future__ import annotations

import dataclasses
import types
from functools import cache
from typing import Any, get_args, get_origin

from steadygan import codec
from steadygan.checks import one_of
from steadygan.errors import UsageError, enumerated
from steadygan.penalties.base import check_penalty

_ELSEWHERE = ("generator", "critic", "critic_steps")
"""fields that are checked where they are converted"""
_NO_PARTS = (type, types.FunctionType, str, int, float, dict, list, tuple)


def check_parts(recipe: Any) -> None:
    """Refuses a field that holds no part of its kind: a class, a function, a name, a number, or another field's part.

    A part of the user's own is known by its methods.

    Raises:
        UsageError: one line with what is allowed.
    """
    for name, annotation in codec.field_types(type(recipe)).items():
        value = getattr(recipe, name)
        if get_origin(annotation) is tuple:
            kinds = codec.kinds_of(get_args(annotation)[0])
            for index, item in enumerate(value) if kinds else ():
                _check(f"{name}[{index}]", item, kinds)
            continue
        kinds = () if name in _ELSEWHERE else codec.kinds_of(annotation)
        if kinds and not (value is None and type(None) in get_args(annotation)):
            _check(name, value, kinds)
    for index, penalty in enumerate(recipe.penalties):
        check_penalty(f"penalties[{index}]", penalty)
    if recipe.constraint is not None:
        one_of("constraint.when", getattr(recipe.constraint, "when", None), ("after", "before"))


def _check(name: str, value: Any, kinds: tuple[type, ...]) -> None:
    if isinstance(value, kinds):
        return
    missing = [each for each in _shared(kinds) if not hasattr(value, each)]
    if missing or isinstance(value, _NO_PARTS) or value is None:
        known = enumerated([f"{kind.__name__}()" for kind in kinds])
        own = f"; a part of your own needs {', '.join(missing)}" if missing and dataclasses.is_dataclass(value) else ""
        raise UsageError(f"{name} is {_shown(value)}; allowed: {known}{own}")


@cache
def _shared(kinds: tuple[type, ...]) -> tuple[str, ...]:
    """Methods and properties that all built-in kinds of a field have, besides those of any dataclass."""
    plain = set(dir(_Plain))
    common = set.intersection(*(set(dir(kind)) - {each.name for each in dataclasses.fields(kind)} for kind in kinds))
    return tuple(sorted(name for name in common - plain if not name.startswith("_")))


@dataclasses.dataclass(frozen=True)
class _Plain:
    """A class without anything of its own."""


def _shown(value: Any) -> str:
    text = f"the class {value.__name__}" if isinstance(value, type) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
