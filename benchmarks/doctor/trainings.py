"""The trainings of the suite."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.doctor.materials import Source


@dataclass(frozen=True)
class Training:
    """One training: a recipe with fields as on the command line, data, length and seed."""

    name: str
    recipe: str
    source: Source
    rounds: int
    fields: str = ""
    seed: int = 0
    mechanism: str = "none"
    """what was changed; it decides the split, never the label"""
