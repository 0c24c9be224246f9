"""Recipe fields set on the command line: ``--critic.width 32``, ``critic:resnet-critic``, ``--set PATH=YAML``.

Texts become plain data on the recipe's own tree, and the codec that reads YAML files checks everything at the end:
a mistake gets the same one-line error in a file and on the command line, and the order of options does not matter,
since nothing is checked before all fields have changed.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, get_args, get_origin

from steadygan import codec
from steadygan.cli.inner_fields import INDEX, inner_path, kind_of
from steadygan.cli.unknown_fields import UnknownFieldError, answer, dashed
from steadygan.cli.values import NUMBER, from_text, from_yaml, item_type
from steadygan.errors import UsageError
from steadygan.kinds import Kind, bound, import_kinds, kebab, kinds_in, spec_types
from steadygan.recipe import Recipe
from steadygan.system.import_path import is_import_path
from steadygan.system.yaml_text import read_yaml

T = TypeVar("T")

_KIND_TOKEN = re.compile(r"([A-Za-z_][\w.-]+):([A-Za-z][\w-]*)$")


@dataclass(frozen=True)
class Change:
    """A new value for one field."""

    path: tuple[str, ...]
    """('critic_optimizer', 'lr'), ('penalties', '0', 'weight')"""
    text: str | None
    """as typed; None for an option without a value"""
    typed: str
    """its name in error messages: '--critic-optimizer.lr'"""
    form: Literal["kind", "text", "yaml"] = "text"


def split(arguments: Sequence[str], fixed: Mapping[str, bool]) -> tuple[list[str], list[Change]]:
    """Splits arguments into those of a fixed parser and changes of a recipe's fields.

    Args:
        arguments: as typed
        fixed: the parser's own options; True if a value follows
    """
    rest: list[str] = []
    changes: list[Change] = []
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        name, equals, value = word.partition("=")
        kind = _KIND_TOKEN.match(word)
        if name in fixed:
            rest.append(word)
            if fixed[name] and not equals and waiting:
                rest.append(waiting.pop(0))
        elif kind:
            changes.append(Change(_path(kind[1]), kind[2], word, "kind"))
        elif word.startswith("--") and word != "--":
            values = [value] if equals else _values(waiting)
            changes.append(Change(_path(name[2:]), " ".join(values) if values else None, name))
        else:
            rest.append(word)
    return rest, changes


def _values(waiting: list[str]) -> list[str]:
    """Takes the value after an option, and further numbers: ``--critic-optimizer.betas 0.5 0.9``, ``1% 99%``."""
    values: list[str] = []
    while waiting and (NUMBER.match(waiting[0].removesuffix("%")) or (not values and not waiting[0].startswith("-"))):
        values.append(waiting.pop(0))
    return values


def setting(text: str) -> Change:
    """The change of ``--set PATH=YAML``."""
    path, equals, value = text.partition("=")
    if not equals or not path.strip():
        raise UsageError(f"--set: got '{text}'; it has the form PATH=VALUE, such as --set critic.width=64")
    return Change(_path(path.strip()), value, f"--set {path.strip()}", "yaml")


def own_parts(changes: Iterable[Change]) -> tuple[list[Change], tuple[Kind, ...]]:
    """Changes in which ``--critic module:Name`` names a kind, and the kinds of the user's own, imported.

    Raises:
        UsageError: one line, for what cannot be imported, or is no spec type where a network is not wanted.
    """
    settled, named = [], dict[str, Kind]()
    for change in changes:
        text = (change.text or "").strip()
        if change.form == "text" and is_import_path(text) and _holds_specs(change.path):
            [kind] = import_kinds([text])
            named[text] = kind
            if spec_types([kind]):
                change = dataclasses.replace(change, text=kind.__name__)
            elif change.path in (("generator",), ("critic",)):
                change = dataclasses.replace(change, text=f"{{kind: Own, network: '{text}'}}", form="yaml")
            else:
                raise UsageError(
                    f"{change.typed}: {text} is no dataclass: write @dataclass(frozen=True) over the class"
                )
        settled.append(change)
    return settled, tuple(named.values())


def _holds_specs(path: Iterable[str]) -> bool:
    """True for the path of a field that holds a spec, or a list of them, in some recipe."""
    annotations: list[Any] = [Recipe]
    for name in path:
        below = []
        for annotation in annotations:
            item = item_type(annotation)
            below += [item(0)] if item is not None else []
            below += [codec.field_types(kind).get(name) for kind in codec.kinds_of(annotation)]
        annotations = below
    items = [item(0) for item in map(item_type, annotations) if item is not None]
    return any(map(codec.kinds_of, [*annotations, *items]))


def _path(text: str) -> tuple[str, ...]:
    return tuple(text.replace("-", "_").split("."))


def apply(spec: T, changes: Iterable[Change], known: Iterable[str] = (), kinds: Iterable[Kind] = ()) -> T:
    """The spec with its fields changed: kinds first, then from the outer fields to the inner ones.

    Args:
        spec: a recipe, or any spec
        changes: in any order, one for a field
        known: other options, to suggest for an unknown one
        kinds: classes and functions of the user's own that the spec may hold

    Raises:
        UsageError: one line, for an unknown field or kind, or a value that is not allowed.
    """
    changes = list(changes)
    _refuse_twice(changes)
    tree, kinds = codec.to_plain(spec), (*kinds, *kinds_in(spec, codec.all_kinds(type(spec)).values()))
    extra = spec_types(kinds)
    inner: dict[tuple[str, ...], Change] = {}
    for change in sorted(changes, key=lambda change: (change.form != "kind", len(change.path))):
        path = inner_path(tree, type(spec), change.path, extra)
        if path != change.path:
            inner[path] = change
        elif path in inner and inner[path].text != change.text:
            raise UsageError(f"{inner[path].typed} is {change.typed} here, which is given too; once is allowed")
        try:
            tree = _changed(tree, type(spec), dataclasses.replace(change, path=path), 0, extra)
        except UnknownFieldError as error:
            raise UsageError(answer(spec, path, change.typed, error, known)) from None
    return bound(codec.from_plain(tree, type(spec), extra=extra), kinds)


def _refuse_twice(changes: Iterable[Change]) -> None:
    """Raises UsageError for a field that is given two values: the first would not be used.

    An option for several fields (``--lr``) may stand beside one of a single field, which is then meant.
    """
    given: dict[tuple[tuple[str, ...], bool], Change] = {}
    for change in changes:
        if change.form == "text" and _path(change.typed.removeprefix("--")) != change.path:
            continue
        before = given.setdefault((change.path, change.form == "kind"), change)
        if before.text != change.text:
            values = " and ".join(f"'{one.text}'" for one in (before, change))
            raise UsageError(f"{change.typed}: '{'.'.join(change.path)}' is given twice, {values}; once is allowed")


def _changed(node: Any, annotation: Any, change: Change, depth: int, extra: tuple[type, ...]) -> Any:
    """The plain node with the change applied in it or below it."""
    if depth == len(change.path):
        return _value(node, annotation, change, extra)
    here, name = change.path[:depth], change.path[depth]
    item = item_type(annotation)
    if item is not None:
        return _changed_item(list(node or ()), item, change, depth, extra)
    if get_origin(annotation) is dict and depth + 1 == len(change.path):
        return {**(node or {}), name: read_yaml(change.text or "true", change.typed)}
    kinds = codec.kinds_of(annotation)
    if not kinds:
        raise UsageError(f"{change.typed}: {dashed(here)} is a single value and has no '{name}'")
    if isinstance(node, int | float) or (node is None and len(kinds) > 1):
        current = "none" if node is None else node
        raise UsageError(f"{change.typed}: {dashed(here)} is {current}; choose its kind first: {_tokens(here, kinds)}")
    if node is None:
        node = codec.to_plain(kinds[0]())
    cls = kind_of(node, annotation, extra)
    if cls is None:  # an outer --set may have put anything here; the codec raises the right error
        return codec.from_plain(node, annotation, where=".".join(here), extra=extra)
    fields = codec.field_types(cls)
    if name not in fields:
        raise UnknownFieldError(depth, cls)
    return {**node, name: _changed(node.get(name), fields[name], change, depth + 1, extra)}


def _changed_item(
    items: list[Any], item: Callable[[int], Any], change: Change, depth: int, extra: tuple[type, ...]
) -> list[Any]:
    here, name = dashed(change.path[:depth]), change.path[depth]
    count = len(items)
    is_last = depth + 1 == len(change.path)
    index = int(name) if INDEX.fullmatch(name) else count + 1
    if index > count or (index == count and not (is_last and item(count))):
        indices = f"{here} has the items {', '.join(str(i) for i in range(count))}" if count else f"{here} is empty"
        kinds = codec.kinds_of(item(0))
        adding = f"; add one with {_tokens((*change.path[:depth], str(count)), kinds)}" if kinds else ""
        raise UsageError(f"{change.typed}: {indices}{adding}")
    changed = _changed(items[index] if index < count else None, item(index), change, depth + 1, extra)
    return [*items[:index], changed, *items[index + 1 :]]


def _value(node: Any, annotation: Any, change: Change, own: tuple[type, ...]) -> Any:
    """A typed value as plain data for a field's type; the codec checks it later."""
    where = dashed(change.path)
    if change.form == "yaml":
        return from_yaml(read_yaml(change.text or "", change.typed), node, annotation, where, own)
    if change.text is None:
        if annotation is bool or bool in get_args(annotation):
            return True
        raise UsageError(f"{change.typed} needs a value")
    return from_text(change.text, node, annotation, where, own)


def _tokens(path: Sequence[str], kinds: Iterable[type]) -> str:
    return ", ".join(f"{dashed(path)}:{kebab(kind)}" for kind in kinds)
