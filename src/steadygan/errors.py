"""Errors that the user can correct: one line with what, what was got, what is allowed, and the nearest spelling."""

from __future__ import annotations

import difflib
import warnings
from collections.abc import Iterable

LONGEST_LINE = 700
"""characters of an error's text"""
_WORD, _PATH, _LIST = 80, 260, 120
_ELLIPSIS = "…"


class SteadyganError(Exception):
    """An error that the user can correct; the text is one line: what, got, allowed, nearest spelling.

    What it repeats of a command line, a file or a name may be anything: the text is printable and of bounded length.
    """

    def __init__(self, text: object = "") -> None:
        super().__init__(one_line(str(text)))


class UsageError(SteadyganError, ValueError):
    """A value, name or file that cannot be used (exit code 2)."""


class DataError(UsageError):
    """Data that cannot be trained on, and why."""


class NeedsClassesError(UsageError):
    """A network or loss that needs a class for each sample, and data without."""


class RunError(SteadyganError, RuntimeError):
    """A run that had to stop, or a run folder that cannot be used."""


def one_line(text: str, most: int = LONGEST_LINE) -> str:
    """The text in one printable line of at most ``most`` characters: long words and the middle are left out."""
    line = " ".join(_without_middle(word, _PATH if "/" in word or "\\" in word else _WORD) for word in text.split())
    if not line.isprintable():
        line = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in line)
    return _without_middle(line, most)


def _without_middle(text: str, most: int) -> str:
    """The text, or its beginning and a third at its end, ``most`` characters together."""
    if len(text) <= most:
        return text
    end = (most - 1) // 3
    return f"{text[: most - 1 - end]}{_ELLIPSIS}{text[-end:]}"


def enumerated(names: Iterable[str], most: int = _LIST) -> str:
    """Names with commas between them; of a long list the first ones and the number of the others."""
    known = list(names)
    shown = known[:1]
    for name in known[1:]:
        if len(", ".join([*shown, name])) > most:
            return f"{', '.join(shown)}, {_ELLIPSIS} and {len(known) - len(shown)} more"
        shown.append(name)
    return ", ".join(shown)


def nearest(word: object, known: Iterable[str]) -> str:
    """A hint for an unknown name: ``"; did you mean 'wgan-gp'?"``, or '' if none is close."""
    if not isinstance(word, str):
        return ""
    match = close(word, known, cutoff=0.5)
    return f"; did you mean '{match}'?" if match else ""


def close(word: str, known: Iterable[str], cutoff: float) -> str | None:
    """The known name that is most like a word, of those at least so like it; None if there is none.

    Dashes before an option's name count for nothing: all options have them. Nor do capitals.
    """
    bare: dict[str, str] = {}
    for name in known:
        bare.setdefault((name.lstrip("-") or name).casefold(), name)
    match = difflib.get_close_matches((word.lstrip("-") or word).casefold(), list(bare), n=1, cutoff=cutoff)
    return bare[match[0]] if match else None


def unknown_name(what: str, got: str, known: Iterable[str]) -> UsageError:
    """The error for a name that is not among the known ones."""
    names = list(known)
    return UsageError(f"unknown {what} '{got}'{nearest(got, names)} (known: {enumerated(names)})")


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
