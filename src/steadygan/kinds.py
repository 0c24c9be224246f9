"""Kinds of the user's own: classes and functions that a recipe names, found in a recipe, and handed back to it.

A file can name no code: it holds names of spec types and import paths of networks, and only what the user passes as
``kinds`` is put in their place.
"""

from __future__ import annotations

import dataclasses
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from steadygan import codec
from steadygan.errors import UsageError
from steadygan.system.import_path import imported

T = TypeVar("T")

Kind: TypeAlias = "type | Callable[..., Any]"
"""A spec type, or a function or ``nn.Module`` class that makes a network."""


_ONE_WORD = ("ResNet", "RMSprop", "AdamW", "R3GAN")


def kebab(kind: type) -> str:
    """The name of a spec type on the command line: 'resnet-critic' for ResNetCritic."""
    name = kind.__name__
    for word in _ONE_WORD:
        name = name.replace(word, word.capitalize())
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()


def spec_types(kinds: Iterable[Any]) -> tuple[type, ...]:
    """The spec types among the kinds: dataclasses that ``kind:`` may name anywhere in a recipe."""
    return tuple(kind for kind in kinds if _is_spec_type(kind))


def check_names(kinds: Iterable[Any], known: Mapping[str, type]) -> None:
    """Refuses spec types that a file could not tell from others: it names them by their class names alone.

    Raises:
        UsageError: one line, for a class with the name of a built-in kind, or of another one of the user's own.
    """
    taken = dict(known)
    for kind in spec_types(kinds):
        other = taken.setdefault(kind.__name__, kind)
        if other is not kind:
            raise UsageError(
                f"{codec.import_path(kind)} has the name of {codec.import_path(other)}, and files hold the name alone: "
                "give your class another name"
            )


def check_frozen(kinds: Iterable[Any]) -> None:
    """Refuses spec types whose values can change: a run's recipe would no longer be what its file says.

    Raises:
        UsageError: one line that names the class.
    """
    for kind in spec_types(kinds):
        if not kind.__dataclass_params__.frozen:  # type: ignore[attr-defined]
            raise UsageError(f"{kind.__name__} can be changed while it trains: write @dataclass(frozen=True) over it")


def bound(value: T, kinds: Iterable[Any]) -> T:
    """A spec with the functions among the kinds in place of the import paths by which it names them."""
    functions = [kind for kind in kinds if not _is_spec_type(kind)]
    return _bound(value, functions) if functions else value


def kinds_in(value: Any, known: Iterable[type]) -> tuple[Kind, ...]:
    """The kinds of a spec that are not among the known types, each once; the inverse of ``bound``.

    Raises:
        UsageError: for two different functions of one path, which a recipe cannot tell apart.
    """
    found: dict[str, Kind] = {}
    types = set(known)
    for part in _parts(value):
        kind = part if not dataclasses.is_dataclass(part) else type(part)
        if isinstance(kind, type) and kind in types:
            continue
        path = codec.import_path(kind)
        if found.setdefault(path, kind) is not kind:
            raise UsageError(
                f"two different functions are both named {path}, so the run could not be read back: name them with def"
            )
    return tuple(found.values())


def import_kinds(paths: Iterable[str]) -> tuple[Kind, ...]:
    """The kinds at import paths, as ``--kinds package.module:name`` names them.

    Raises:
        UsageError: one line, for what cannot be imported or is no class and no function.
    """
    return tuple(_checked(path, imported(path, "--kinds")) for path in paths)


def check_used(kinds: Iterable[Kind], *specs: Any) -> None:
    """Refuses a kind that no spec names, such as another class than the one that was meant.

    Args:
        kinds: as they were passed
        specs: recipes, with these kinds bound in them
    """
    parts = [part for spec in specs for part in _parts(spec)]
    used = [type(part) if dataclasses.is_dataclass(part) else part for part in parts]
    for kind in kinds:
        if not any(kind is each for each in used):
            own = [each for each in used if not getattr(each, "__module__", "").startswith("steadygan.")]
            named = [*map(codec.import_path, own), *(part.path for part in parts if hasattr(part, "bound_to"))]
            known = ", ".join(dict.fromkeys(named)) or "none"
            raise UsageError(f"--kinds {codec.import_path(kind)}: the recipe names no such code (it names: {known})")


def _checked(path: str, kind: Any) -> Kind:
    torch = sys.modules.get("torch")
    if not callable(kind) or (torch is not None and isinstance(kind, torch.nn.Module)):
        raise UsageError(f"--kinds '{path}' is a {type(kind).__name__}; a class, or a function that makes a network")
    made: Kind = kind
    return made


def _is_spec_type(kind: Any) -> bool:
    torch = sys.modules.get("torch")
    is_module = torch is not None and isinstance(kind, type) and issubclass(kind, torch.nn.Module)
    return isinstance(kind, type) and dataclasses.is_dataclass(kind) and not is_module


def _bound(value: Any, functions: list[Any]) -> Any:
    if isinstance(value, tuple):
        return tuple(_bound(item, functions) for item in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    if hasattr(value, "bound_to"):
        return value.bound_to(functions)
    changes = {}
    for field in dataclasses.fields(value):
        before = getattr(value, field.name)
        after = _bound(before, functions)
        if after is not before and after != before:
            changes[field.name] = after
    return dataclasses.replace(value, **changes) if changes else value


def _parts(value: Any) -> Iterator[Any]:
    """All specs and functions in a spec, itself included."""
    if isinstance(value, tuple):
        for item in value:
            yield from _parts(item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        yield value
        for field in dataclasses.fields(value):
            yield from _parts(getattr(value, field.name))
    elif callable(value):
        yield value
