"""Typed fields of a JSON object from a file: each wrong one is one line that names the file and the field."""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from steadygan.errors import RunError

T = TypeVar("T")

_MOST = 10**18
"""bound of counters"""


class Fields:
    """The fields of an object that a file holds.

    Each method returns a field, or raises RunError if it is missing (without a default) or of another type.
    """

    def __init__(self, content: Mapping[str, Any], path: Path) -> None:
        self.content = content
        self.path = path

    def has(self, name: str) -> bool:
        return self.content.get(name) is not None

    def text(self, name: str) -> str:
        value = self._get(name)
        if not isinstance(value, str):
            raise self._wrong(name, value, "text")
        return value

    def optional_text(self, name: str) -> str | None:
        return self.text(name) if self.has(name) else None

    def whole(self, name: str, least: int = 0) -> int:
        value = self._get(name)
        if not _is_whole(value, least):
            raise self._wrong(name, value, f"whole numbers from {least}")
        return int(value)

    def optional_whole(self, name: str, least: int = 0) -> int | None:
        return self.whole(name, least) if self.has(name) else None

    def number(self, name: str) -> float:
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self._wrong(name, value, "finite numbers")
        return float(value)

    def real(self, name: str) -> float:
        """A number, which may be infinite or NaN."""
        value = self._get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, value, "numbers")
        return value

    def scalar(self, name: str) -> float | str:
        """A number or a text."""
        return self.text(name) if isinstance(self._get(name), str) else self.real(name)

    def present(self, name: str) -> None:
        """Raises RunError if the field is missing; null counts as there."""
        self._get(name)

    def one_of(self, name: str, allowed: Sequence[Any]) -> Any:
        value = self._get(name)
        if value not in allowed:
            raise self._wrong(name, value, ", ".join(map(str, allowed)))
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._get(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, value, "a list of texts")
        return tuple(value)

    def wholes(self, name: str, least: int = 0) -> tuple[int, ...]:
        value = self._get(name)
        if not isinstance(value, list) or not all(_is_whole(item, least) for item in value):
            raise self._wrong(name, value, f"a list of whole numbers from {least}")
        return tuple(value)

    def inner(self, name: str) -> Fields:
        """An object inside this one."""
        value = self._get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, value, "an object")
        return Fields(value, self.path)

    def inners(self, name: str) -> tuple[Fields, ...]:
        """A list of objects."""
        value = self._get(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(name, value, "a list of objects")
        return tuple(Fields(item, self.path) for item in value)

    def _get(self, name: str) -> Any:
        if name not in self.content:
            raise RunError(f"{self.path} is damaged: it has no '{name}'")
        return self.content[name]

    def _wrong(self, name: str, value: object, allowed: str) -> RunError:
        shown = repr(value)
        shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
        return RunError(f"{self.path} is damaged: '{name}' is {shown}; allowed: {allowed}")


def dataclass_of(cls: type[T], fields: Fields, *, strict: bool = True) -> T:
    """A dataclass of texts, numbers, literals and mappings, from the fields of its names.

    Args:
        cls: the dataclass
        fields: of the object
        strict: refuses fields that the dataclass does not have

    Raises:
        RunError: one line, for a field that is missing, of another type, or unknown.
    """
    of_class = {field.name: field for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    unknown = fields.content.keys() - of_class.keys()
    if unknown and strict:
        raise RunError(f"{fields.path} is damaged: {cls.__name__} has no '{min(unknown)[:60]}'")
    types = typing.get_type_hints(cls)
    missing = dataclasses.MISSING
    values = {
        name: _of_type(fields, name, types[name])
        for name, field in of_class.items()
        if name in fields.content or (field.default is missing and field.default_factory is missing)
    }
    return cls(**values)


def _of_type(fields: Fields, name: str, annotation: Any) -> Any:
    """A field of one of the types that such dataclasses have."""
    arms = typing.get_args(annotation)
    if type(None) in arms:
        fields.present(name)
        if not fields.has(name):
            return None
        annotation = next(arm for arm in arms if arm is not type(None))
    if annotation is str:
        return fields.text(name)
    if annotation is int:
        return fields.whole(name)
    if annotation is float:
        return fields.real(name)
    if typing.get_origin(annotation) is typing.Literal:
        return fields.one_of(name, typing.get_args(annotation))
    inner, (_, value) = fields.inner(name), typing.get_args(annotation)
    if value is str:
        return {key: inner.text(key) for key in inner.content}
    if value is not Any:
        return {key: inner.scalar(key) for key in inner.content}
    return dict(inner.content)


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST
