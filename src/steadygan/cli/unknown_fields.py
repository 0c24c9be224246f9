"""What is answered to an option that names no field of a recipe: the nearest field, or the part that was meant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from steadygan import codec
from steadygan.cli.fields import Field, paths, walk
from steadygan.errors import close, enumerated
from steadygan.kinds import kebab


class UnknownFieldError(Exception):
    """A path leaves the recipe at ``depth``, where a part of type ``cls`` has no such field."""

    def __init__(self, depth: int, cls: type) -> None:
        self.depth = depth
        self.cls = cls


def answer(spec: Any, path: Sequence[str], typed: str, error: UnknownFieldError, known: Iterable[str]) -> str:
    """The line for an unknown field: a part of that kind, near names in its part, or fields of that name elsewhere.

    Args:
        spec: whose field it should be
        path: ('r1', 'weight')
        typed: '--r1.weight'
        error: where the path leaves the spec
        known: other options that may have been meant
    """
    if not error.depth and (by_kind := _by_kind(spec, path)):
        return f"unknown option '{typed}'; {by_kind}"
    everywhere = [f"--{path}" for path in paths(spec)]
    fields = list(codec.field_types(error.cls))
    here = [f"--{dashed((*path[: error.depth], name))}" for name in fields]
    got = f"--{dashed(path)}"
    last = got.rpartition(".")[2].removeprefix("--")
    if error.depth:  # of fields of one part its name makes none more alike
        by_name = dict(zip(map(dashed, ((field,) for field in fields)), here, strict=True))
        inside = [each for each in everywhere if each.startswith(f"--{dashed(path[: error.depth])}.")]
        by_name = {**{each.rpartition(".")[2]: each for each in inside}, **by_name}
        found = by_name.get(close(dashed(path[error.depth :]), by_name, 0.6) or "")
        there = {*here, f"--{dashed(path[: error.depth])}"}
        everywhere = [path for path in everywhere if path not in there]
    else:
        found = close(got, [*here, *known], 0.75)
    near = [found] if found else []
    near = near or [path for path in everywhere if path.endswith(f".{last}")][:2]
    near = near or ([found] if (found := close(got, [*everywhere, *known], 0.6)) else [])
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    has = enumerated(dashed((field,)) for field in fields) or "no fields"
    of = f" ({error.cls.__name__} has: {has})" if error.depth else ""
    if not hint and not of:
        hint = "; --help lists all" if typed.startswith("-") else f"; {_of_word(typed)}"
    return f"unknown option '{typed}'{hint}{of}"


def _of_word(typed: str) -> str:
    """The line for a word with a colon that names no part, such as the import path of a recipe function."""
    name = typed.rpartition(":")[2]
    return (
        "a word with a colon chooses a part, such as critic:resnet-critic; "
        f"a recipe function of your own is trained in Python: sg.train({name}, data)"
    )


def _by_kind(spec: Any, path: Sequence[str]) -> str:
    """For a part that is called by its kind, as in ``--r1.gamma``: where it is, or where it can be put; '' for none."""
    name, rest = dashed(path[:1]), dashed(path[1:])
    fields = [field for field in walk(spec) if field.is_part]
    parts = [field for field in fields if field.value is not None and _kind(field) == name]
    if parts:
        exact = [f"--{part.path}.{rest}" for part in parts if rest in paths(part.value)]
        if exact:
            return f"did you mean {' or '.join(exact)}?"
        kind = type(parts[0].value)
        has = enumerated(map(dashed, ((field,) for field in codec.field_types(kind)))) or "no fields"
        return f"{kind.__name__} is {' and '.join(part.path for part in parts)} here and has: {has}"
    places = list(dict.fromkeys(_places(fields, name)))
    return f"this recipe has no {name}; choose it with {enumerated(places, 90)}" if places else ""


def _kind(field: Field) -> str:
    return "" if field.item_kinds else kebab(type(field.value))


def _places(fields: Iterable[Field], name: str) -> Iterator[str]:
    """The words that choose a kind in a recipe that has no such part: 'penalties.1:r1'."""
    for field in fields:
        if name in map(kebab, field.item_kinds):
            yield f"{field.path}.{len(field.value)}:{name}"
        elif name in map(kebab, codec.kinds_of(field.annotation)) and not field.path.rpartition(".")[2].isdecimal():
            yield f"{field.path}:{name}"


def dashed(path: Iterable[str]) -> str:
    """A path as it is typed: 'critic-optimizer.lr'."""
    return ".".join(path).replace("_", "-")
