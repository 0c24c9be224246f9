"""Diagnosis of a training: signals of samples, of the critic and of the training itself.

``Monitor`` measures them in a loop of one's own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steadygan.diagnostics.log import read_log
    from steadygan.diagnostics.monitor import Monitor

_HOMES = {"Monitor": "monitor", "read_log": "log"}
__all__ = ["Monitor", "read_log"]

if not TYPE_CHECKING:  # a type checker knows the names, and finds a misspelt one

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
