"""Errors that the user can correct: one line with what, what was got, what is allowed, and the nearest spelling."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable


class SteadyganError(Exception):
    """An error that the user can correct; the text is one line: what, got, allowed, nearest spelling."""


class UsageError(SteadyganError, ValueError):
    """A value, name or file that cannot be used (exit code 2)."""


class DataError(UsageError):
    """Data that cannot be trained on, and why."""


class NeedsClassesError(UsageError):
    """A network or loss that needs a class for each sample, and data without."""


class RunError(SteadyganError, RuntimeError):
    """A run that had to stop, or a run folder that cannot be used."""


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: ``"; did you mean 'wgan-gp'?"``, or '' if none is close."""
    match = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{match[0]}'?" if match else ""


def unknown_name(what: str, got: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not among the known ones."""
    names = list(known)
    return UsageError(f"unknown {what} '{got}'{nearest(got, names)} (known: {', '.join(names)})")


def warn_of_namesake(what: str, name: str) -> None:
    """Warns that a name of this library was taken where the current folder has a file or folder of that name."""
    warnings.warn(
        f"{what} '{name}' is the one of this name that is built in; the file or folder here is './{name}'",
        stacklevel=3,
    )


def in_one_line(error: BaseException, most: int = 200) -> str:
    """An exception of other code, for a message: its type and its text on one line."""
    text = " ".join(str(error).split())
    text = text if len(text) <= most else f"{text[: most - 1]}…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
