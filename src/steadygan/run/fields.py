"""Typed fields of a JSON object from a file: each wrong one is one line that names the file and the field."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from steadygan.errors import RunError

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

    def optional_number(self, name: str) -> float | None:
        return self.number(name) if self.has(name) else None

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


def _is_whole(value: object, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST
