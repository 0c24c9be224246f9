"""Parsing of values typed for a field, by the field's type, into plain data that the codec checks."""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, Union, get_args, get_origin

from steadygan import codec
from steadygan.errors import UsageError, nearest
from steadygan.kinds import kebab
from steadygan.system.yaml_text import read_yaml

NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$", re.ASCII)


def from_text(text: str, node: Any, annotation: Any, where: str, own: tuple[type, ...] = ()) -> Any:
    """Plain data for a field of a type.

    Args:
        text: as typed; YAML if it begins with { or [
        node: the field's present value, as plain data
        annotation: the field's type
        where: the field's path, for error lines
        own: spec types of the user's own, which any field of specs allows

    Raises:
        UsageError: for a kind that the field does not allow.
    """
    item = item_type(annotation)
    kinds = codec.kinds_of(annotation)
    if kinds or (item is not None and codec.kinds_of(item(0))):
        if text.lstrip().startswith(("{", "[")):
            return from_yaml(read_yaml(text, where), node, annotation, where, own)
        if text.lower() in ("none", "null"):
            return None if item is None else []
        if item is not None:
            return [_of_kind(text, None, codec.kinds_of(item(0)), where, own)]
        if NUMBER.match(text) and takes_number(annotation):
            return text
        return _of_kind(text, node, kinds, where, own)
    if item is not None:
        if text.lower() in ("none", "null"):
            return []
        return [part for part in re.split(r"[\s,]+", text.strip("[]() ")) if part]
    if get_origin(annotation) in (Union, types.UnionType):
        if text.lower() in ("none", "null") and type(None) in get_args(annotation):
            return None
        return _literal(text, [choice for arm in get_args(annotation) for choice in _choices(arm)])
    return _literal(text, _choices(annotation))


def _of_kind(text: str, node: Any, kinds: tuple[type, ...], where: str, own: tuple[type, ...]) -> Any:
    """A spec of the named kind with its defaults, or the present one if it is of that kind.

    A number stands for the only field of the present kind, or of the first one: --critic-steps 5, --prior 64.
    """
    present = node.get("kind") if isinstance(node, Mapping) else None
    if NUMBER.match(text):
        for cls in (*(kind for kind in kinds if kind.__name__ == present), kinds[0]):
            fields = list(codec.field_types(cls))
            if len(fields) == 1:
                return {"kind": cls.__name__, fields[0]: text}
    for cls in (*kinds, *own):
        if _plain_name(cls.__name__) == _plain_name(text):
            return node if cls.__name__ == present else _defaults(cls)
    names = [kebab(cls) for cls in kinds]
    known = f"known: {', '.join(names)}; of your own: package.module:Name"
    raise UsageError(f"unknown kind '{text}' for {where}{nearest(text.lower(), names)} ({known})")


def _defaults(cls: type) -> dict[str, Any]:
    """A spec type with its defaults; its name alone where it has none, which the codec then says."""
    given = [field for field in dataclasses.fields(cls) if field.init]
    if any(field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING for field in given):
        return {"kind": cls.__name__}
    plain: dict[str, Any] = codec.to_plain(cls())
    return plain


def from_yaml(data: Any, node: Any, annotation: Any, where: str, own: tuple[type, ...] = ()) -> Any:
    """Data from YAML for a field of a type, with kinds spelled as the spec types are."""
    item, kinds = item_type(annotation), codec.kinds_of(annotation)
    if item is not None and isinstance(data, list):
        return [from_yaml(part, None, item(index), where, own) for index, part in enumerate(data)]
    if kinds and isinstance(data, Mapping):
        named = data.get("kind", kinds[0].__name__ if len(kinds) == 1 else None)
        known = (*kinds, *own)
        cls = next((kind for kind in known if _plain_name(kind.__name__) == _plain_name(str(named))), None)
        if cls is None:
            return data
        fields = codec.field_types(cls)
        items = [(key, value) for key, value in data.items() if key != "kind"]
        return {**_defaults(cls), **{key: from_yaml(value, None, fields.get(key), where, own) for key, value in items}}
    if isinstance(data, str) or (kinds and isinstance(data, int | float) and not isinstance(data, bool)):
        return from_text(str(data), node, annotation, where, own)
    return data


def takes_number(annotation: Any) -> bool:
    """True if a field of this type may hold a plain number, perhaps instead of a spec."""
    arms = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else (annotation,)
    return int in arms or float in arms


def item_type(annotation: Any) -> Callable[[int], Any] | None:
    """For a tuple, the annotation of each index (None beyond its end)."""
    if get_origin(annotation) is not tuple:
        return None
    arms = get_args(annotation)
    if len(arms) == 2 and arms[1] is Ellipsis:
        return lambda index: arms[0]
    return lambda index: arms[index] if index < len(arms) else None


def _choices(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) if get_origin(annotation) is Literal else ()


def _literal(text: str, choices: Iterable[Any]) -> Any:
    """The choice that the text spells, or the text."""
    return next((choice for choice in choices if str(choice) == text), text)


def _plain_name(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()
