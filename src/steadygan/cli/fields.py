"""The fields of a spec as lines for ``--help``: each with its type, default and documentation."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import itertools
import textwrap
import types
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin

from steadygan import codec
from steadygan.cli.values import takes_number
from steadygan.kinds import kebab

INDENT = 30
"""column at which documentation begins"""


@dataclasses.dataclass(frozen=True)
class Field:
    """A field, or an item of a tuple, somewhere below a spec."""

    path: str
    """'critic-optimizer.lr'"""
    annotation: Any
    value: Any
    doc: str

    @property
    def is_part(self) -> bool:
        """True if it holds a spec (or none, or a tuple of specs), and so has a kind."""
        plain = isinstance(self.value, int | float)
        return bool(codec.kinds_of(self.annotation) or self.item_kinds) and not plain

    @property
    def item_kinds(self) -> tuple[type, ...]:
        """The kinds of its items, for a tuple of specs."""
        return codec.kinds_of(get_args(self.annotation)[0]) if get_origin(self.annotation) is tuple else ()


def walk(spec: Any, path: str = "") -> Iterator[Field]:
    """Every field below a spec: those of a part before the parts inside it."""
    kind: type = type(spec)
    annotations, docs = codec.field_types(kind), field_docs(kind)
    prefix = f"{path}." if path else ""
    fields = [
        Field(f"{prefix}{name.replace('_', '-')}", annotation, getattr(spec, name), docs.get(name, ""))
        for name, annotation in annotations.items()
    ]
    yield from (field for field in fields if not field.is_part)
    for field in fields:
        if field.is_part:
            yield from _part(field)


def _part(field: Field) -> Iterator[Field]:
    yield field
    if field.item_kinds:
        for index, item in enumerate(field.value):
            annotation = get_args(field.annotation)[0]
            yield from _part(Field(f"{field.path}.{index}", annotation, item, _first_line(type(item))))
    elif field.value is not None:
        yield from walk(field.value, field.path)


def paths(spec: Any) -> list[str]:
    """The dotted path of everything that can be set."""
    return [field.path for field in walk(spec)]


@cache
def field_docs(cls: type) -> dict[str, str]:
    """The string under each field of a dataclass, by name."""
    docs: dict[str, str] = {}
    for base in reversed(cls.__mro__):
        try:
            body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        except (OSError, TypeError, SyntaxError):  # without the source there is no documentation
            continue
        assert isinstance(body, ast.ClassDef)
        for field, below in itertools.pairwise(body.body):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                docs[ast.unparse(field.target)] = " ".join(str(below.value.value).split())
    return docs


def help_lines(spec: Any, width: int = 100, wanted: Callable[[Field], bool] = lambda field: True) -> list[str]:
    """The fields of a spec, or the wanted ones, as the lines of a help text."""
    lines: list[str] = []
    for field in filter(wanted, walk(spec)):
        if field.is_part:
            kind = "none" if field.value is None else type(field.value).__name__
            head = f"{field.path}: {len(field.value)}" if field.item_kinds else f"{field.path}: {kind}"
            lines += ["", *_wrapped(f"{head}; {field.doc}" if field.doc else head, 0, width)]
            lines += _wrapped(_kinds(field), 2, width)
            continue
        option = f"  --{field.path} {type_words(field.annotation)}"
        text = _wrapped(" ".join([field.doc, f"(default: {value_words(field.value)})"]).strip(), INDENT, width)
        if len(option) < INDENT - 1 and width // 3 >= INDENT:
            lines += [option.ljust(INDENT) + text[0].strip(), *text[1:]]
        else:
            lines += [option, *text]
    return lines


def _wrapped(text: str, indent: int, width: int) -> list[str]:
    margin = " " * min(indent, width // 3)
    return textwrap.wrap(
        text, width, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False, break_long_words=False
    )


def _kinds(field: Field) -> str:
    if field.item_kinds:
        known = ", ".join(kebab(kind) for kind in field.item_kinds)
        return f"{field.path}.{len(field.value)}:KIND adds one, --{field.path} none takes all away; kinds: {known}"
    kinds = codec.kinds_of(field.annotation)
    if len(kinds) == 1 and field.value is not None:
        return ""
    number = f"--{field.path} X sets a number; " if takes_number(field.annotation) else ""
    return f"{number}{field.path}:KIND chooses another; kinds: {', '.join(kebab(kind) for kind in kinds)}"


def type_words(annotation: Any) -> str:
    """The placeholder of a field's type: 'N', 'X', 'true|false', 'crop|pad', 'N|none'."""
    origin = get_origin(annotation)
    if origin is Literal:
        return "|".join(str(choice) for choice in get_args(annotation))
    if origin in (Union, types.UnionType):
        arms = [arm for arm in get_args(annotation) if arm is not type(None)]
        words = [type_words(arm) for arm in arms]
        return "|".join(words + ["none"] * (type(None) in get_args(annotation)))
    if origin is tuple:
        items = get_args(annotation)
        return f"{type_words(items[0])} ..." if items[-1] is Ellipsis else " ".join(type_words(item) for item in items)
    if codec.kinds_of(annotation):
        return kebab(annotation)
    return {int: "N", float: "X", str: "TEXT", bool: "true|false"}.get(annotation, "VALUE")


def value_words(value: Any) -> str:
    """A field's value as it is typed."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return " ".join(value_words(item) for item in value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _first_line(cls: type) -> str:
    return (inspect.getdoc(cls) or "").partition("\n")[0]
