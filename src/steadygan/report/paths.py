"""Absolute paths in text that leaves the machine: a page shows the last part of each alone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_WINDOWS = re.compile(r"[A-Za-z]:[\\/]|\\\\")
_IN_TEXT = re.compile(
    r"(?<![\w.~/:…-])"  # not within an address, a relative path or a word
    r"(?:~|[A-Za-z]:)?[/\\](?:[^\s/\\'\"<>|:;,()=]+[/\\])+([^\s/\\'\"<>|:;,()=]*)"
)
"""a path without spaces, of two parts or more"""


def is_absolute(text: str) -> bool:
    """True for an absolute path, of any system, or one in a home folder."""
    return "\n" not in text and (text.startswith(("/", "~/", "~\\")) or bool(_WINDOWS.match(text)))


def last_part(path: str) -> str:
    """The last part of a path: ``'…/photos'`` of ``'/home/ada/photos/'``."""
    return "…/" + re.split(r"[/\\]", path.rstrip("/\\"))[-1]


class ShortPaths:
    """Replaces absolute paths in text by their last part.

    Paths among known values are found whatever characters they have; others in running text, as in a command line,
    by their form, which ends at a space.
    """

    def __init__(self, known: Iterable[Any]) -> None:
        paths = {text for value in known for text in _texts(value) if is_absolute(text) and len(text) > 1}
        self._known = sorted(paths, key=len, reverse=True)  # a folder stands in the paths below it

    def __call__(self, text: str) -> str:
        for path in self._known:
            if path in text:
                text = re.sub(re.escape(path) + r"(?![\w.-])", lambda match: last_part(match[0]), text)
        return _IN_TEXT.sub(lambda match: last_part(match[0]), text)

    def inside(self, value: Any) -> Any:
        """Plain data with the paths in all its texts replaced."""
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {self(name) if isinstance(name, str) else name: self.inside(item) for name, item in value.items()}
        return [self.inside(item) for item in value] if isinstance(value, list | tuple) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
