"""Calls that may fail without ending the run."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from steadygan.errors import RunError


class Guarded:
    """Carries out calls until one fails: that one becomes a warning, and later calls are skipped.

    After a file that could not be written they are not: the disk may have room again. Such a failure is said once.

    what: names the caller in the warning, such as "tracker 'wandb'".
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self._broken = self._said = False

    def __call__(self, call: Callable[[], object]) -> None:
        if self._broken:
            return
        try:
            call()
        except Exception as error:
            self._broken = not (isinstance(error, RunError) and isinstance(error.__cause__, OSError))
            follows = "is skipped from here on" if self._broken else "is tried again later"
            if self._broken or not self._said:
                warnings.warn(f"{self._what} failed and {follows}: {in_one_line(error)}", stacklevel=2)
            self._said = True


def in_one_line(error: Exception) -> str:
    """The error's text without line breaks; its type if it has no text."""
    return " ".join(str(error).split()) or type(error).__name__
