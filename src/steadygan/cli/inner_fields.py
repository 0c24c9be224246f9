"""Fields of a part inside a part: ``--generator.width`` of a generator with labels is that of the network in it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from steadygan import codec
from steadygan.cli.values import item_type

INDEX = re.compile(r"\d{1,6}", re.ASCII)
"""the number of an item in a path"""


def inner_path(tree: Any, annotation: Any, path: Sequence[str], extra: tuple[type, ...]) -> tuple[str, ...]:
    """The path with the name of a part inserted, wherever that alone has the field that the part around it lacks.

    Unchanged where nothing, or more than one part, has the field, and for what the spec itself lacks: its parts'
    fields are called by the parts' names.

    Args:
        tree: a spec as plain data
        annotation: its type
        path: ('generator', 'width')
        extra: kinds of the user's own
    """
    found: list[str] = []
    for index, name in enumerate(path):
        item = item_type(annotation)
        if item is not None:
            if not INDEX.fullmatch(name) or int(name) >= len(tree or ()):
                return (*found, *path[index:])
            found.append(name)
            tree, annotation = tree[int(name)], item(int(name))
            continue
        fields = _fields(tree, annotation, extra)
        if name not in fields:
            inside = [part for part in fields if name in _fields(tree.get(part), fields[part], extra)]
            if not index or len(inside) != 1:
                return (*found, *path[index:])
            found += inside
            tree, annotation = tree[inside[0]], fields[inside[0]]
            fields = _fields(tree, annotation, extra)
        found.append(name)
        tree, annotation = tree.get(name), fields[name]
    return tuple(found)


def _fields(node: Any, annotation: Any, extra: tuple[type, ...]) -> Mapping[str, Any]:
    """The types of the fields of a part as plain data; none for values and for parts that are not chosen."""
    cls = kind_of(node, annotation, extra)
    return {} if cls is None else codec.field_types(cls)


def kind_of(node: Any, annotation: Any, extra: tuple[type, ...]) -> type | None:
    """The type of a part as plain data; None for values, and for what names no kind that is allowed there."""
    name = node.get("kind") if isinstance(node, Mapping) else None
    return next((kind for kind in (*codec.kinds_of(annotation), *extra) if kind.__name__ == name), None)
