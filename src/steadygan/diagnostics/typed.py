"""A change of a recipe as words of a command line: a part by its kind's name, and fields that are not its defaults."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from functools import cache
from typing import Any

import yaml

from steadygan import codec
from steadygan.kinds import kebab
from steadygan.recipe import names

_NUMBERS = re.compile(r"-?[\d.]+(e-?\d+)?( -?[\d.]+(e-?\d+)?)+")


def typed_words(option: str, value: str) -> list[str]:
    """Words that give an option its value, the shortest that the command takes.

    ``--penalties.0`` with '{kind: R1, gamma: 0.1}' is ``--penalties.0 r1 --penalties.0.gamma 0.1``.
    """
    if _NUMBERS.fullmatch(value):
        return [option, *value.split()]
    if value.startswith("{"):
        words = _part(option, yaml.safe_load(value), None)
        if words is not None:
            return words
    return [option, shlex.quote(value)]


def _part(option: str, plain: Mapping[str, Any], usual: Any) -> list[str] | None:
    """Words of a part; None for one that only YAML can write.

    Args:
        option: of the part
        plain: its kind and fields
        usual: plain data of what is there by default, where there is something
    """
    cls = _known().get(str(plain.get("kind")))
    if cls is None:
        return None
    same = isinstance(usual, Mapping) and usual.get("kind") == plain["kind"]
    words = [] if same else [option, kebab(cls)]
    try:
        own: dict[str, Any] = codec.to_plain(cls())
    except TypeError:  # a field has no default
        return None
    defaults: Any = usual if same else own
    for name, value in {**own, **plain}.items():
        if name == "kind" or defaults.get(name) == value:
            continue
        inner = f"{option}.{name.replace('_', '-')}"
        if isinstance(value, Mapping):
            more = _part(inner, value, defaults.get(name))
        else:
            more = None if isinstance(value, list) else [inner, _scalar(value)]
        if more is None:
            return None
        words += more
    return words


@cache
def _known() -> Mapping[str, type]:
    return {cls.__name__: cls for cls in names().values()}


def _scalar(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else shlex.quote(str(value))
