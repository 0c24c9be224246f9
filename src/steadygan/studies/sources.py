"""Data of a user's own in studies: a picture set or a text in the place of what the package has."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args

from steadygan.data.sources.find import DOCS, is_built_in
from steadygan.errors import UsageError, unknown_name

Kind = Literal["mnist", "cifar10", "pictures", "text"]
KINDS: tuple[Kind, ...] = get_args(Kind)
STAND_INS: Mapping[Kind, str] = MappingProxyType(
    {"mnist": "digits", "cifar10": "digits", "pictures": "digits", "text": DOCS}
)
"""what is at hand without a download: 8 px digits, and text of Python's documentation"""
VARIABLE = "STEADYGAN_DATA_"
"""how the environment variables begin that name data: STEADYGAN_DATA_MNIST"""

_given: ContextVar[Mapping[str, str] | None] = ContextVar("sources", default=None)


def source(kind: Kind) -> str:
    """The data of a kind: as ``--data KIND=PATH`` or the environment says, or the stand-in that is built in.

    Raises:
        UsageError: for another kind.
    """
    if kind not in KINDS:
        raise unknown_name("kind of data", kind, KINDS)
    given = _given.get()
    return (from_environment() if given is None else given).get(kind, STAND_INS[kind])


def is_stand_in(kind: Kind) -> bool:
    """True if nothing was given for the kind."""
    return source(kind) == STAND_INS[kind]


@contextlib.contextmanager
def given(sources: Mapping[str, str]) -> Iterator[None]:
    """Context with these sources, by kind, in place of those of the environment."""
    token = _given.set(sources)
    try:
        yield
    finally:
        _given.reset(token)


def from_environment() -> dict[str, str]:
    """The sources that environment variables name."""
    named = {kind: os.environ.get(VARIABLE + kind.upper(), "").strip() for kind in KINDS}
    return {kind: absolute(path) for kind, path in named.items() if path}


def parsed(text: str) -> tuple[str, str]:
    """The kind and the source of ``KIND=PATH``; a path is made absolute.

    Raises:
        UsageError: for another form, an unknown kind, and a path where nothing is.
    """
    kind, equals, path = text.partition("=")
    if not equals or not kind.strip() or not path.strip():
        raise UsageError(f"--data: got '{text}'; it has the form KIND=PATH, such as --data mnist=MNIST/")
    if kind not in KINDS:
        raise unknown_name("kind of data", kind, KINDS)
    return kind, absolute(path.strip())


def absolute(path: str) -> str:
    """A path as it is from any folder; names of built-in data stay.

    Raises:
        UsageError: if there is no such file or folder.
    """
    if is_built_in(path):
        return path
    place = Path(os.path.expanduser(path))
    try:
        if place.exists():
            return str(place.resolve())
    except (OSError, ValueError):  # no name of a file
        pass
    raise UsageError(f"there is no data '{path}': a folder, a file, or a name of built-in data is needed")
