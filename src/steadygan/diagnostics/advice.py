"""Advice: changes of a recipe that a verdict asks for, as commands."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan.diagnostics.findings import Finding
from steadygan.run import layout

if TYPE_CHECKING:
    from steadygan.recipe import Recipe


@dataclass(frozen=True)
class Change:
    """A change of a recipe: one or two of its fields."""

    text: str
    """what it does: 'half the generator's rate'"""
    fields: dict[str, str] = field(hash=False)
    """option to value as typed, such as {'--generator-optimizer.lr': '5e-05'}"""
    why: str
    """what it rests on"""
    resumes: bool = False
    """True if the run can go on with it; else a new run begins"""


def changes(finding: Finding, recipe: Recipe) -> tuple[Change, ...]:
    """Up to three changes for a verdict, the most promising first."""
    return ()


def command(change: Change, folder: str | Path) -> str:
    """The command that makes the change: it goes on with the run, or begins a new one with its recipe."""
    options = " ".join(f"{name} {shlex.quote(value)}" for name, value in change.fields.items())
    if change.resumes:
        return f"steadygan resume {shlex.quote(str(folder))} {options}"
    return f"steadygan train {shlex.quote(str(Path(folder) / layout.RECIPE))} {options}"
