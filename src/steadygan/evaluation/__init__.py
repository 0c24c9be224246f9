"""Evaluation of generated samples against real ones, with each number's provenance, and comparison of runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steadygan.evaluation.comparison import Comparison, compare
    from steadygan.evaluation.record import Evaluation, Number, Provenance
    from steadygan.evaluation.run_evaluation import evaluate

__all__ = ["Comparison", "Evaluation", "Number", "Provenance", "compare", "evaluate"]

_HOMES = {
    "Comparison": "comparison",
    "Evaluation": "record",
    "Number": "record",
    "Provenance": "record",
    "compare": "comparison",
    "evaluate": "run_evaluation",
}

if not TYPE_CHECKING:  # a type checker knows the names, and finds a misspelt one

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
        import importlib

        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
