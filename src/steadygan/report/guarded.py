"""Calls that may fail without ending the run."""

from __future__ import annotations

import warnings
from collections.abc import Callable


class Guarded:
    """Carries out calls until one fails: that one becomes a warning, and later calls are skipped.

    what: names the caller in the warning, such as "tracker 'wandb'".
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._broken = False

    def __call__(self, call: Callable[[], object]) -> None:
        if self._broken:
            return
        try:
            call()
        except Exception as error:
            self._broken = True
            warnings.warn(f"{self._what} failed and is skipped from here on: {in_one_line(error)}", stacklevel=2)


def in_one_line(error: Exception) -> str:
    """The error's text without line breaks; its type if it has no text."""
    return " ".join(str(error).split()) or type(error).__name__
