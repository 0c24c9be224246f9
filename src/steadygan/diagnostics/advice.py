"""Advice: what to change in a recipe for a verdict, the most promising first, as commands that run as printed.

The method stays what it is, and a change is of at most two fields. The order follows the evidence of the papers and
lessons named with each change; what a recipe's own fields make likely (rates the wrong way round, a missing penalty)
comes first.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan.codec import import_path
from steadygan.diagnostics.advisors import ADVISORS, RESUMED
from steadygan.diagnostics.findings import Finding
from steadygan.diagnostics.typed import typed_words
from steadygan.kinds import kinds_in
from steadygan.recipe import names
from steadygan.run import layout

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec

MOST = 3
"""changes for a verdict"""
FIELDS = 2
"""of a change, at most"""


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
    """True if the run can go on with it from its last checkpoint; else a new run begins"""
    rounds: int = 0
    """of the run; one that has done them begins anew"""
    kinds: tuple[str, ...] = ()
    """import paths of the user's own kinds in the recipe"""


def changes(finding: Finding, recipe: Recipe, sample: SampleSpec | None = None) -> tuple[Change, ...]:
    """Up to three changes for a verdict, the most promising first; none for a healthy training or a fault of the data.

    Args:
        finding: the main one of a diagnosis
        recipe: of the run
        sample: the shape of its samples, if known: some changes are for pictures alone
    """
    advisor = ADVISORS.get(finding.verdict)
    if advisor is None:
        return ()
    kinds = tuple(import_path(kind) for kind in kinds_in(recipe, _known()))
    found: list[Change] = []
    for text, edit, why in advisor(recipe, sample):
        options = {f"--{path}": value for path, value in edit.items()}
        if 0 < len(options) <= FIELDS and all(options != other.fields for other in found):
            resumes = finding.verdict in RESUMED and all(_RESUMABLE.match(path) for path in edit)
            found.append(Change(text, options, why, resumes, recipe.rounds, kinds))
    return tuple(found[:MOST])


@cache
def _known() -> tuple[type, ...]:
    return tuple(names().values())


_RESUMABLE = re.compile(r"(run|generator-optimizer|critic-optimizer)\.")  # an optimizer of another kind is another run


def command(change: Change, folder: str | Path) -> str:
    """The command that makes the change: it goes on with the run, or begins a new one with its recipe."""
    folder = Path(folder)
    if change.resumes and _goes_on(folder, change.rounds):
        begin = f"steadygan resume {shlex.quote(str(folder))}"
    else:
        begin = f"steadygan train {shlex.quote(str(folder / layout.RECIPE))}"
    kinds = [f"--kinds {shlex.quote(kind)}" for kind in change.kinds]
    options = [word for name, value in change.fields.items() for word in typed_words(name, value)]
    return " ".join([begin, *kinds, *options])


def _goes_on(folder: Path, rounds: int) -> bool:
    """True if a run has a checkpoint before its end."""
    saved = layout.list_checkpoints(folder / layout.CHECKPOINTS)
    return bool(saved) and int(saved[-1].name) < rounds
