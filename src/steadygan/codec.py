"""Frozen specs to plain data (dicts, lists, numbers, strings) and back, checked against the specs' own types.

A spec is written as its fields under a ``kind:`` tag. Reading builds only the types that the expected annotation
names (and those handed in as ``extra``): a file can name no code. Every error is one line: where, what was got, what
is allowed, the nearest spelling.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import numbers
import reprlib
import sys
import types
import typing
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar, Union, get_args, get_origin
from weakref import WeakKeyDictionary

from steadygan.errors import UsageError, nearest

T = TypeVar("T")


_SCALARS = (bool, int, float, str)
_PLAIN = frozenset((*_SCALARS, type(None)))
"""types of most of the values in a spec, which are as files have them"""

OMIT_DEFAULT = {"omit_default": True}
"""Metadata of a field that YAML leaves out at its default: for fields that a spec gets later, so that the YAML and the
hashes of recipes that do not use them stay as they were."""

DURATION = {"duration": True}
"""Metadata of a field that counts rounds or steps of a run's plan (the length of a decay, of a warm-up, the interval of
a plateau): a recipe that is stretched to another length stretches it in proportion. Other fields never change."""


def stretched(value: T, factor: float) -> T:
    """The spec with every field in it that is marked ``DURATION`` multiplied by ``factor``; 0 stays 0, else at least 1.

    A spec's own method ``stretched(factor)``, if it has one, then scales what is a duration of another kind.
    """
    if isinstance(value, tuple):
        items = [stretched(item, factor) for item in value]
        made: Any = type(value)(*items) if hasattr(value, "_fields") else tuple(items)
        return typing.cast("T", made)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    changes = {}
    for field in dataclasses.fields(value):
        content = getattr(value, field.name)
        if field.metadata.get("duration") and isinstance(content, int | float) and content:
            changes[field.name] = max(1, round(content * factor))
        else:
            changes[field.name] = stretched(content, factor)
    changes = {name: new for name, new in changes.items() if new is not getattr(value, name)}
    result: Any = dataclasses.replace(value, **changes) if changes else value
    further = getattr(result, "stretched", None)
    return typing.cast("T", result if further is None else further(factor))


def with_plain_numbers(value: T) -> T:
    """The spec with Python's numbers in place of numpy's, which files cannot hold; the same object if it has none."""
    if type(value) in _PLAIN:
        return value
    made: Any = value
    if isinstance(value, numbers.Number) and not isinstance(value, bool | int | float | complex):
        made = value.item() if hasattr(value, "item") else value
    elif isinstance(value, tuple):
        items = [with_plain_numbers(item) for item in value]
        if any(new is not old for new, old in zip(items, value, strict=True)):
            made = type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        content = {field.name: getattr(value, field.name) for field in dataclasses.fields(value) if field.init}
        found = {name: with_plain_numbers(old) for name, old in content.items()}
        changes: Any = {name: new for name, new in found.items() if new is not content[name]}
        made = dataclasses.replace(value, **changes) if changes else value
    return typing.cast("T", made)


def to_plain(value: Any, *, omit_defaults: bool = False, where: str = "") -> Any:
    """A spec, or a tuple of them, as dicts, lists and scalars.

    Args:
        value: a spec, tuple or scalar
        omit_defaults: leaves out fields marked ``OMIT_DEFAULT`` that are at their default
        where: the dotted path that error lines begin with

    Raises:
        TypeError: for what no file can hold, with its path.
        UsageError: for an object of a class that is no dataclass, and for a field of the name 'kind'.
    """
    if type(value) in _PLAIN:
        return value
    inner = functools.partial(to_plain, omit_defaults=omit_defaults)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = {"kind": type(value).__name__}
        for field in dataclasses.fields(value):
            if field.name == "kind":  # would stand in place of the tag
                raise UsageError(f"a field of {type(value).__name__} is called 'kind', which names the type in files")
            content = getattr(value, field.name)
            if not (omit_defaults and field.metadata.get("omit_default") and content == field.default):
                plain[field.name] = inner(content, where=f"{where}.{field.name}" if where else field.name)
        return plain
    if isinstance(value, tuple | list):
        return [inner(item, where=f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, dict):
        return {name: inner(item, where=where) for name, item in value.items()}
    if callable(value):
        if not hasattr(value, "__qualname__"):  # no class and no function
            raise UsageError(
                f"{where or 'a part'} is an object of {type(value).__name__}, which no file can hold: write its class "
                "as @dataclass(frozen=True) with its settings as fields (docs/extending.md)"
            )
        return import_path(value)
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, numbers.Integral):  # numpy's numbers too, which YAML cannot write
        return int(value)
    if isinstance(value, numbers.Real):
        return float(value)
    what = f"{where} is of type {type(value).__name__}" if where else f"got {type(value).__name__}"
    raise TypeError(f"{what}; allowed: frozen dataclasses, numbers, strings and tuples of them")


def import_path(value: Any) -> str:
    """Where a class or a function can be imported: 'package.module:name'; of a script, the module is its file.

    What cannot be imported has a path too, with its parameters for a lambda: 'module:<lambda>(sample)'.
    """
    module = getattr(value, "__module__", None) or type(value).__module__
    name = getattr(value, "__qualname__", None) or type(value).__qualname__
    if module == "__main__":
        main = sys.modules["__main__"]
        spec, file = getattr(main, "__spec__", None), getattr(main, "__file__", None)
        module = spec.name if spec is not None else Path(file).stem if file else module
    code = getattr(value, "__code__", None)
    if name.endswith("<lambda>") and code is not None:
        name += f"({', '.join(code.co_varnames[: code.co_argcount])})"
    return f"{module}:{name}"


_UNIONS = (Union, types.UnionType)
_field_types: WeakKeyDictionary[type, dict[str, Any]] = WeakKeyDictionary()
_all_kinds: WeakKeyDictionary[type, dict[str, type]] = WeakKeyDictionary()


def field_types(cls: type) -> dict[str, Any]:
    """The resolved annotation of each field of a spec.

    Raises:
        UsageError: for a name in them that cannot be resolved, as one that is imported for type checking alone.
    """
    if cls not in _field_types:  # resolving them took most of the time of reading a command line
        try:
            hints = typing.get_type_hints(cls)
        except NameError as error:
            raise UsageError(
                f"the types of the fields of {cls.__name__} cannot be resolved: {error}; import it where the module "
                "runs too, not under TYPE_CHECKING"
            ) from None
        _field_types[cls] = {field.name: hints[field.name] for field in dataclasses.fields(cls)}
    return dict(_field_types[cls])


def kinds_of(annotation: Any) -> tuple[type, ...]:
    """The spec types that an annotation allows, such as those of a union."""
    if isinstance(annotation, type):
        return (annotation,) if dataclasses.is_dataclass(annotation) else ()
    return _kinds_among(get_args(annotation)) if get_origin(annotation) in _UNIONS else ()


@functools.lru_cache(maxsize=512)
def _kinds_among(members: tuple[Any, ...]) -> tuple[type, ...]:
    """Those of a union: by its members, since unions of another order are equal."""
    return tuple(kind for member in members for kind in kinds_of(member))


def all_kinds(root: type) -> dict[str, type]:
    """Every spec type that can occur below ``root``, by name."""
    if root not in _all_kinds:
        _all_kinds[root] = _kinds_below(root)
    return dict(_all_kinds[root])


def _kinds_below(root: type) -> dict[str, type]:
    kinds: dict[str, type] = {}

    def visit(annotation: Any) -> None:
        for kind in kinds_of(annotation):
            if kind.__name__ not in kinds:
                kinds[kind.__name__] = kind
                for inner in field_types(kind).values():
                    visit(inner)
        if get_origin(annotation) is tuple:
            for item in get_args(annotation):
                visit(item)

    visit(root)
    return kinds


def kinds_named(data: Any) -> set[str]:
    """The names of spec types under ``kind:`` in plain data, at any depth."""
    if isinstance(data, Mapping):
        name = data.get("kind")
        return set().union({name} if isinstance(name, str) else (), *map(kinds_named, data.values()))
    return set().union(*map(kinds_named, data)) if isinstance(data, list | tuple) else set()


def from_plain(data: Any, expected: type[T], *, where: str = "", extra: Iterable[type] = ()) -> T:
    """The value of type ``expected`` that ``to_plain`` wrote as ``data``.

    Args:
        data: dicts, lists and scalars, as read from YAML or JSON
        expected: a spec type, or any annotation a spec's field may have
        where: the dotted path that error lines begin with
        extra: further spec types (a user's own) that ``kind:`` may name anywhere

    Raises:
        UsageError: one line that says where, what was got and what is allowed.
    """
    return typing.cast("T", _read(data, expected, where, tuple(extra)))


def _fail(where: str, text: str) -> UsageError:
    return UsageError(f"{where}: {text}" if where else text)


_SHORT = reprlib.Repr()
_SHORT.maxstring = 80
_SHORT.maxlevel = 2


def _describe(value: Any) -> str:
    """The value on one line of at most 100 characters."""
    text = _SHORT.repr(value) if isinstance(value, str | int | list | tuple | dict) else str(value)
    return text if len(text) <= 100 else f"{text[:97]}..."


def _read(data: Any, annotation: Any, where: str, extra: tuple[type, ...]) -> Any:
    if annotation in _SCALARS:
        return _read_scalar(data, annotation, where)
    origin = get_origin(annotation)
    if origin is Literal:
        allowed = get_args(annotation)
        if data in allowed and type(data) in {type(choice) for choice in allowed}:
            return data
        names = [str(choice) for choice in allowed]
        hint = nearest(data, names) if isinstance(data, str) else ""
        raise _fail(where, f"got {_describe(data)}; allowed: {', '.join(names)}{hint}")
    if origin in _UNIONS:
        return _read_union(data, annotation, where, extra)
    if origin is tuple:
        return _read_tuple(data, get_args(annotation), where, extra)
    if origin is dict or annotation is dict:
        return _read_mapping(data, where)
    if isinstance(annotation, type) and dataclasses.is_dataclass(annotation):
        return _read_spec(data, (annotation,), where, extra)
    raise _fail(where, f"no file can hold a field of type {_named(annotation)}; allowed: {_FIELD_TYPES}")


_FIELD_TYPES = "bool, int, float, str, dict, tuple[…], Literal[…], frozen dataclasses, and unions of these"


def _named(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _read_union(data: Any, annotation: Any, where: str, extra: tuple[type, ...]) -> Any:
    members = get_args(annotation)
    if data is None or data == "null":
        if type(None) in members:
            return None
        raise _fail(where, "got nothing; a value is needed")
    kinds = kinds_of(annotation)
    plain = [member for member in members if member is not type(None) and not kinds_of(member)]
    if kinds and not (plain and _number(data) is not None):
        return _read_spec(data, kinds, where, extra, or_number=bool(plain))
    words = [word for member in plain if get_origin(member) is Literal for word in get_args(member)]
    if words and bool in plain and isinstance(data, str) and data.lower() not in ("true", "false", *words):
        allowed = ["true", "false", *map(str, words)]
        raise _fail(where, f"got {_describe(data)}; allowed: {', '.join(allowed)}{nearest(data, allowed)}")
    problem: UsageError | None = None
    for member in plain:
        try:
            return _read(data, member, where, extra)
        except UsageError as error:
            problem = problem or error
    raise problem or _fail(where, f"got {_describe(data)}")


def _read_tuple(data: Any, args: tuple[Any, ...], where: str, extra: tuple[type, ...]) -> tuple[Any, ...]:
    if not isinstance(data, list | tuple):
        raise _fail(where, f"got {_describe(data)}; a list is needed")
    if len(args) == 2 and args[1] is Ellipsis:
        return tuple(_read(item, args[0], f"{where}[{i}]", extra) for i, item in enumerate(data))
    if len(data) != len(args):
        raise _fail(where, f"got {len(data)} values; {len(args)} are needed")
    return tuple(_read(item, arg, f"{where}[{i}]", extra) for i, (item, arg) in enumerate(zip(data, args, strict=True)))


def _read_mapping(data: Any, where: str) -> dict[str, Any]:
    """Names with plain values: scalars, and lists and mappings of them."""
    if not isinstance(data, Mapping):
        raise _fail(where, f"got {_describe(data)}; names with values are needed, such as {{width: 64}}")
    return {str(name): value for name, value in data.items()}


def _number(data: Any) -> int | float | None:
    """The number that a scalar is or spells, None for others; whole numbers exactly."""
    if isinstance(data, int | float):
        return data
    for read in (int, float) if isinstance(data, str) else ():
        with contextlib.suppress(ValueError):
            return read(data)
    return None


def _read_scalar(data: Any, annotation: Any, where: str) -> Any:
    if annotation is bool:
        if isinstance(data, bool):
            return data
        if isinstance(data, str) and data.lower() in ("true", "false"):
            return data.lower() == "true"
        raise _fail(where, f"got {_describe(data)}; allowed: true, false")
    if annotation is str:
        if isinstance(data, str):
            return data
        raise _fail(where, f"got {_describe(data)}; text is needed")
    if annotation in (int, float) and not isinstance(data, bool):
        number = _number(data)
        if number is not None and annotation is float:
            with contextlib.suppress(OverflowError):
                float(number)
                return number  # 5 stays 5: what was read is written again as it was
        elif number is not None and (isinstance(number, int) or number.is_integer()):
            return int(number)
    need = "a whole number" if annotation is int else "a number"
    raise _fail(where, f"got {_describe(data)}; {need} is needed")


def _read_spec(data: Any, kinds: tuple[type, ...], where: str, extra: tuple[type, ...], or_number: bool = False) -> Any:
    if isinstance(data, kinds + extra):
        return data
    if isinstance(data, str):  # the name alone: all fields at their defaults
        data = {"kind": data}
    if not isinstance(data, Mapping):
        raise _fail(where, f"got {_describe(data)}; one of {_names(kinds, or_number)} is needed")
    fields = {str(key): value for key, value in data.items()}
    name = fields.pop("kind", kinds[0].__name__ if len(kinds) == 1 else None)
    if name is None:
        raise _fail(where, f"'kind' is missing; allowed: {_names(kinds, or_number)}")
    by_name = {kind.__name__: kind for kind in kinds + extra}
    cls = by_name.get(name) if isinstance(name, str) else None
    if cls is None:
        hint = nearest(name, by_name) if isinstance(name, str) else ""
        known = f"known: {_names(kinds, or_number)}; of your own: named with --kinds, in Python kinds=[…]"
        raise _fail(where, f"unknown kind {_describe(name)}{hint} ({known})")
    annotations = field_types(cls)
    for field in fields:
        if field not in annotations:
            known = ", ".join(annotations) or "none"
            raise _fail(where, f"{name} has no field {_describe(field)}{nearest(field, annotations)} (known: {known})")
    values = {
        field: _read(value, annotations[field], f"{where}.{field}" if where else field, extra)
        for field, value in fields.items()
    }
    try:
        return cls(**values)
    except UsageError as error:
        text = str(error)  # some checks name the path themselves
        raise (error if where and text.startswith((f"{where}.", f"{where} ")) else _fail(where, text)) from None
    except TypeError as error:
        raise _fail(where, f"{name}: {error}") from None


def _names(kinds: tuple[type, ...], or_number: bool) -> str:
    return ", ".join(kind.__name__ for kind in kinds) + ", or a number" * or_number
