"""What may fail without harm to a run."""

from __future__ import annotations

import warnings
from collections.abc import Callable


class Guarded:
    """Calls that may fail: the first failure is warned about, and there are no further calls after it.

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
            warnings.warn(f"{self._what} failed and is left out from here on: {in_one_line(error)}", stacklevel=2)


def in_one_line(error: Exception) -> str:
    """The error's text without line breaks, or its type where it has none."""
    return " ".join(str(error).split()) or type(error).__name__
