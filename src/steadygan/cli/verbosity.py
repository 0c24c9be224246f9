"""How much a command says: ``--quiet`` leaves out progress, plans and advice, ``--verbose`` adds steps of long work."""

from __future__ import annotations

from collections.abc import Iterable

QUIET, VERBOSE = ("--quiet", "-q"), ("--verbose", "-v")
FLAGS = (*QUIET, *VERBOSE)
"""options of every command, before or after its name"""

_level = 0


def set_by(arguments: Iterable[str]) -> None:
    """Sets it by the flags among the arguments; of several the last one counts. JSON comes alone: it is quiet."""
    global _level
    words = list(arguments)
    _level = -1 if "--json" in words else 0
    for word in words:
        if word in FLAGS:
            _level = -1 if word in QUIET else 1


def quiet() -> bool:
    """True if only results, warnings and errors are printed."""
    return _level < 0


def verbose() -> bool:
    """True if each step of long work is a line, and a failure has its traceback."""
    return _level > 0


def say(*lines: str) -> None:
    """Prints lines that are no results, unless ``--quiet``."""
    if not quiet():
        for line in lines:
            print(line)
