"""The record of a re-plan: in recipe.yaml, from which the run goes on and can be trained again, and in its history."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan import recipe as recipes
from steadygan.run import layout
from steadygan.run.history import REPLANNED, Change, now, read_history, write_history
from steadygan.run.marks import read_marks, write_marks
from steadygan.system.files import write_text
from steadygan.training.planning.budget import TOLERANCE

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.timeline import Replan
    from steadygan.training.observers import Observer


def record_replan(folder: Path, recipe: Recipe) -> None:
    """Writes a recipe whose last re-plan is new: first into the history, then recipe.yaml, which counts, and its mark.

    Raises:
        RunError: one line, if it cannot be written.
    """
    replan, marks = recipe.replans[-1], read_marks(folder)
    change = Change(replan.round, "rounds", replan.before, replan.rounds, REPLANNED, now())
    write_history(folder, [*read_history(folder), change])
    text = recipes.dumps(recipe)
    write_text(folder / layout.RECIPE, text)
    if marks is not None:
        write_marks(folder, text, marks.fingerprint, minutes=marks.minutes)


def tell_replanned(observers: Sequence[Observer], replans: Sequence[Replan]) -> None:
    """Tells the observers that have a method ``replanned(rounds, line)`` of the new end, the last of these re-plans.

    The line is empty as long as the end has moved by less than a fifth since the last line: on a busy machine it moves
    often, to and fro.
    """
    rounds, line = replans[-1].rounds, line_of(replans)
    for observer in observers:
        tell = getattr(observer, "replanned", None)
        if tell is not None:
            tell(rounds, line)


def line_of(replans: Sequence[Replan]) -> str:
    """What is said of the last re-plan of a run: '' if the end has hardly moved since the last one that was told."""
    told, line = replans[0].before, ""
    for replan in replans:
        line = ""
        if abs(replan.rounds - told) >= TOLERANCE * told:
            speed = "slower" if replan.rounds < told else "faster"
            line = (
                f"{speed} than planned: from round {replan.round:,} on {replan.rounds:,} rounds in place of "
                f"{told:,}; schedules follow"
            )
            told = replan.rounds
    return line
