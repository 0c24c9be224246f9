"""What stands between rounds: logging, pictures, evaluations and checkpoints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from steadygan.recipe import Recipe, RunOptions

Between: TypeAlias = Literal["picture", "evaluation", "checkpoint", "replan", "look", "ending"]
"""work that is no part of rounds; ``look`` is the doctor's; a checkpoint with an evaluation or a re-plan is a part of
it; ``ending`` is what comes after the last of them: the report, and the end of the process"""


class Due(NamedTuple):
    """What is done after a round."""

    last: bool
    """it was the recipe's last"""
    logged: bool
    pictured: bool
    evaluated: bool
    saved: bool


def due_after(done: int, recipe: Recipe, *, evaluates: bool) -> Due:
    """What is due after so many rounds, by the recipe's intervals; after the last one everything is.

    Pictures are drawn after rounds 1, 2, 4, 8, … too, before the first interval is over.

    Args:
        done: rounds
        recipe: with its intervals resolved
        evaluates: True if samples are evaluated at all
    """
    options, last = recipe.run, done == recipe.rounds
    assert options.log_every and options.picture_every and options.checkpoint_every
    early = done < options.picture_every and done & (done - 1) == 0
    return Due(
        last=last,
        logged=last or done == 1 or done % options.log_every == 0,
        pictured=last or early or done % options.picture_every == 0,
        evaluated=evaluates and (last or done % (options.evaluate_every or options.checkpoint_every) == 0),
        saved=last or done % options.checkpoint_every == 0,
    )


def due_between(run: RunOptions, first: int, last: int, *, evaluates: bool) -> dict[Between, int]:
    """How many pictures, evaluations and checkpoints are due from round ``first`` to the last, and the run's end."""
    assert run.picture_every and run.checkpoint_every
    evaluate_every = run.evaluate_every or run.checkpoint_every
    powers = (1 << power for power in range(run.picture_every.bit_length()))
    early = sum(first <= power < min(run.picture_every, last) for power in powers)
    pictures = early + _multiples(run.picture_every, first, last)
    saved = _multiples(run.checkpoint_every, first, last)
    if not evaluates:
        return {"picture": pictures, "evaluation": 0, "checkpoint": saved, "ending": 1}
    both = _multiples(math.lcm(evaluate_every, run.checkpoint_every), first, last)
    evaluated = _multiples(evaluate_every, first, last)
    return {"picture": pictures, "evaluation": evaluated, "checkpoint": saved - both, "ending": 1}


def _multiples(every: int, first: int, last: int) -> int:
    """Multiples of ``every`` from ``first`` to ``last``, and ``last`` itself."""
    return last // every - (first - 1) // every + (last % every != 0)
