"""Fields of a recipe from the command line: ``--critic.width 32``, ``critic:resnet-critic``, ``--set PATH=YAML``.

Texts become plain data on the recipe's own tree, and the codec that reads YAML files checks the whole at the end:
a mistake has the same one-line answer in a file and on the command line, and the order of options does not matter.
"""

from __future__ import annotations

import difflib
import re
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, Union, get_args, get_origin

from steadygan import codec
from steadygan.recipe import names, read_yaml
from steadygan.types import UsageError, nearest

T = TypeVar("T")

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
_KIND_TOKEN = re.compile(r"([A-Za-z_][\w.-]+):([A-Za-z][\w-]*)$")


@dataclass(frozen=True)
class Change:
    """One field that is to have another value."""

    path: tuple[str, ...]
    """('critic_optimizer', 'lr'), ('penalties', '0', 'weight')"""
    text: str | None
    """as typed; None for an option without a value"""
    typed: str
    """how error lines call it: '--critic-optimizer.lr'"""
    form: Literal["kind", "text", "yaml"] = "text"


def split(arguments: Sequence[str], fixed: Mapping[str, bool]) -> tuple[list[str], list[Change]]:
    """Parts arguments into those that a fixed parser reads, and changes of a recipe's fields.

    Args:
        arguments: as typed
        fixed: the parser's own options, and whether a value follows each
    """
    rest: list[str] = []
    changes: list[Change] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        if name in fixed or not word.startswith("--") or word == "--":
            kind = None if word.startswith("-") else _KIND_TOKEN.match(word)
            if kind:
                changes.append(Change(_path(kind[1]), kind[2], word, "kind"))
                continue
            rest.append(word)
            if fixed.get(name) and not equals and waiting:
                rest.append(waiting.pop(0))
            continue
        values = [value] if equals else _values(waiting)
        changes.append(Change(_path(name[2:]), " ".join(values) if values else None, name))
    return rest, changes


def _values(waiting: list[str]) -> list[str]:
    """Takes the value that an option is followed by, and further numbers: ``--critic-optimizer.betas 0.5 0.9``."""
    values: list[str] = []
    while waiting and (_NUMBER.match(waiting[0]) or (not values and not waiting[0].startswith("-"))):
        values.append(waiting.pop(0))
    return values


def setting(text: str) -> Change:
    """The change of ``--set PATH=YAML``."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise UsageError(f"--set: got '{text}'; it has the form PATH=VALUE, such as --set critic.width=64")
    return Change(_path(path.strip()), value, f"--set {path.strip()}", "yaml")


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.replace("-", "_").split("."))


def apply(spec: T, changes: Iterable[Change], known: Iterable[str] = ()) -> T:
    """The spec with its fields changed: kinds first, then from the outer fields to the inner ones.

    Args:
        spec: a recipe, or any spec
        changes: in any order; of two for the same field the later one holds
        known: other options that an unknown one may have been meant for

    Raises:
        UsageError: one line, for a field, kind or value that cannot be.
    """
    tree = codec.to_plain(spec)
    for change in sorted(changes, key=lambda change: (change.form != "kind", len(change.path))):
        try:
            tree = _changed(tree, type(spec), change, 0)
        except _UnknownFieldError as error:
            raise UsageError(_unknown(spec, change, error, known)) from None
    return codec.from_plain(tree, type(spec))


class _UnknownFieldError(Exception):
    def __init__(self, depth: int, cls: type) -> None:
        self.depth = depth
        self.cls = cls


def _changed(node: Any, annotation: Any, change: Change, depth: int) -> Any:
    """The plain node with the change made in it or below it."""
    if depth == len(change.path):
        return _value(node, annotation, change)
    here, name = change.path[:depth], change.path[depth]
    item = _item_type(annotation)
    if item is not None:
        return _changed_item(list(node or ()), item, change, depth)
    kinds = codec.kinds_of(annotation)
    if not kinds:
        raise UsageError(f"{change.typed}: {_dashed(here)} is a single value and has no '{name}'")
    if node is None:
        if len(kinds) > 1:
            raise UsageError(f"{change.typed}: {_dashed(here)} is none; choose its kind first: {_tokens(here, kinds)}")
        node = {"kind": kinds[0].__name__}
    cls = next(kind for kind in kinds if kind.__name__ == node["kind"])
    fields = codec.field_types(cls)
    if name not in fields:
        raise _UnknownFieldError(depth, cls)
    return {**node, name: _changed(node.get(name), fields[name], change, depth + 1)}


def _changed_item(items: list[Any], item: Callable[[int], Any], change: Change, depth: int) -> list[Any]:
    here, name = _dashed(change.path[:depth]), change.path[depth]
    count = len(items)
    whole = depth + 1 == len(change.path)
    if not name.isdigit() or int(name) > count or (int(name) == count and not (whole and item(count))):
        indices = f"{here} has the items {', '.join(str(i) for i in range(count))}" if count else f"{here} is empty"
        kinds = codec.kinds_of(item(0))
        adding = f"; add one with {_tokens((*change.path[:depth], str(count)), kinds)}" if kinds else ""
        raise UsageError(f"{change.typed}: {indices}{adding}")
    index = int(name)
    changed = _changed(items[index] if index < count else None, item(index), change, depth + 1)
    return [*items[:index], changed, *items[index + 1 :]]


def _value(node: Any, annotation: Any, change: Change) -> Any:
    """Plain data for a field of a type from what was typed; the codec checks it later."""
    if change.form == "yaml":
        data = read_yaml(change.text or "", change.typed)
        if isinstance(data, bool | None | list | Mapping):
            return exact_kinds(data)
        return _from_text(str(data), node, annotation, change)
    if change.text is None:
        if annotation is bool:
            return True
        raise UsageError(f"{change.typed} needs a value")
    return _from_text(change.text, node, annotation, change)


def _from_text(text: str, node: Any, annotation: Any, change: Change) -> Any:
    item = _item_type(annotation)
    kinds = codec.kinds_of(annotation)
    if kinds or (item is not None and codec.kinds_of(item(0))):
        if text.lstrip().startswith(("{", "[")):
            return exact_kinds(read_yaml(text, change.typed))
        if text.lower() in ("none", "null"):
            return None if item is None else []
        if item is not None:
            return [_of_kind(text, None, codec.kinds_of(item(0)), change)]
        return _of_kind(text, node, kinds, change)
    if item is not None:
        return [part for part in re.split(r"[\s,]+", text.strip("[]() ")) if part]
    if get_origin(annotation) in (Union, types.UnionType):
        if text.lower() in ("none", "null") and type(None) in get_args(annotation):
            return None
        return _literal(text, [choice for arm in get_args(annotation) for choice in _choices(arm)])
    return _literal(text, _choices(annotation))


def _of_kind(text: str, node: Any, kinds: tuple[type, ...], change: Change) -> Any:
    """A spec of the named kind at its defaults, or as it is where it is of that kind; a number for its one field."""
    present = node.get("kind") if isinstance(node, Mapping) else None
    if _NUMBER.match(text):
        for cls in sorted(kinds, key=lambda cls: cls.__name__ != present):
            fields = list(codec.field_types(cls))
            if len(fields) == 1:
                return {"kind": cls.__name__, fields[0]: text}
    for cls in kinds:
        if _plain_name(cls.__name__) == _plain_name(text):
            return node if cls.__name__ == present else {"kind": cls.__name__}
    shown = [kebab(cls) for cls in kinds]
    where = _dashed(change.path)
    raise UsageError(f"unknown kind '{text}' for {where}{nearest(text.lower(), shown)} (known: {', '.join(shown)})")


def exact_kinds(data: Any) -> Any:
    """YAML data with each ``kind: gradient-penalty`` spelled as the spec is."""
    if isinstance(data, list):
        return [exact_kinds(item) for item in data]
    if not isinstance(data, Mapping):
        return data
    known = {_plain_name(name): name for name in names()}
    return {
        key: known.get(_plain_name(value), value) if key == "kind" and isinstance(value, str) else exact_kinds(value)
        for key, value in data.items()
    }


def _item_type(annotation: Any) -> Callable[[int], Any] | None:
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


def _unknown(spec: Any, change: Change, error: _UnknownFieldError, known: Iterable[str]) -> str:
    """The line for a field that is not there: those of its part that are near, else those of its name elsewhere."""
    from steadygan.cli.fields import paths

    everywhere = [f"--{path}" for path in paths(spec)]
    fields = list(codec.field_types(error.cls))
    here = [f"--{_dashed((*change.path[: error.depth], name))}" for name in fields]
    got = f"--{_dashed(change.path)}"
    last = got.rpartition(".")[2].removeprefix("--")
    near = difflib.get_close_matches(got, [*here, *known], n=1, cutoff=0.75)
    near = near or [path for path in everywhere if path.endswith(f".{last}")][:2]
    near = near or difflib.get_close_matches(got, [*everywhere, *known], n=1, cutoff=0.6)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    of = (
        f" ({error.cls.__name__} has: {', '.join(_dashed((f,)) for f in fields) or 'no fields'})" if error.depth else ""
    )
    if not hint and not of:
        hint = "; --help lists all"
    return f"unknown option '{change.typed}'{hint}{of}"


def _dashed(path: Iterable[str]) -> str:
    return ".".join(path).replace("_", "-")


def _tokens(path: Sequence[str], kinds: Iterable[type]) -> str:
    return ", ".join(f"{_dashed(path)}:{kebab(kind)}" for kind in kinds)


def _plain_name(name: str) -> str:
    return name.replace("-", "").replace("_", "").lower()


_ONE_WORD = ("ResNet", "RMSprop", "AdamW")


def kebab(kind: type) -> str:
    """The name of a spec type on the command line: 'resnet-critic' for ResNetCritic."""
    name = kind.__name__
    for word in _ONE_WORD:
        name = name.replace(word, word.capitalize())
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()
