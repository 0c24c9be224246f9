"""Expected seconds of what stands between the rounds of a run, until each was made once and timed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.training.observers import Evaluator
    from steadygan.training.planning.due import Between
    from steadygan.training.planning.speed import Speed

PICTURE_SECONDS = 0.15
"""to write a picture in all its formats"""
CHECKPOINT_SECONDS = 0.05
LOOK_SECONDS = 0.1
"""of the doctor"""
EXIT_SECONDS = 0.3
"""after the report: what the command prints, and the end of its process"""
_STATISTICS = 4  # batches of samples for those of the average, before a picture


def expected_costs(recipe: Recipe, speed: Speed | None, evaluator: Evaluator | None) -> dict[Between, float]:
    """Seconds of a picture, an evaluation or a re-plan with its checkpoint, one alone, and the end of the run.

    Args:
        recipe: of the run
        speed: measured; None: samples cost nothing
        evaluator: of samples during training; None: there is none
    """
    sample = 0.0 if speed is None else speed.sample
    evaluation = 0.0
    if evaluator is not None:
        evaluation = evaluator.seconds + evaluator.count * sample
    return {
        "picture": PICTURE_SECONDS + (recipe.run.pictured + _STATISTICS * recipe.fakes) * sample,
        "evaluation": evaluation + CHECKPOINT_SECONDS,
        "checkpoint": CHECKPOINT_SECONDS,
        "replan": CHECKPOINT_SECONDS,
        "look": LOOK_SECONDS,
        "ending": EXIT_SECONDS + PICTURE_SECONDS,
    }
