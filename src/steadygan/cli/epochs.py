"""``--epochs``: passes over the data as rounds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from steadygan.errors import UsageError
from steadygan.system.words import counted

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe

_LATE = 10**12
"""a round after all warm-ups"""


def rounds_of(epochs: float, recipe: Recipe, dataset: Dataset) -> int:
    """The rounds after which the critic has seen as many real samples as ``epochs`` passes over the data have.

    Raises:
        UsageError: for endless data.
    """
    if dataset.train.endless:
        raise UsageError(f"--epochs: '{dataset.name}' is drawn without end, and has no epochs; give --rounds N")
    return max(1, math.ceil(epochs * len(dataset.train) / _of_a_round(recipe)))


def explained(epochs: float, rounds: int, recipe: Recipe, dataset: Dataset) -> str:
    """The line that says what ``--epochs`` became."""
    return (
        f"epochs: {epochs:g} of {len(dataset.train):,} samples are {counted(rounds, 'round')} of "
        f"{_of_a_round(recipe):,} real samples (--rounds {rounds})"
    )


def _of_a_round(recipe: Recipe) -> int:
    if recipe.growth is not None:  # the mean of the run, which keeps when it is stretched
        steps = recipe.steps(0)
        return max(1, round(recipe.growth.images_before(recipe.rounds, recipe.batch, steps) / recipe.rounds))
    return recipe.batch * recipe.steps(_LATE)
