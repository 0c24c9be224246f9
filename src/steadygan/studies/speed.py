"""Seconds of a round of a trial's training, measured with one thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steadygan.preparation import Prepared

_SECONDS = 0.5
"""for all phases together"""


def seconds_per_round(ready: Prepared) -> float:
    """Of a typical round of the recipe on its data, on the CPU."""
    import torch

    from steadygan.training.engines.eager import EAGER
    from steadygan.training.setup import SetupBuilder
    from steadygan.training.speed import USUAL_ROUND, measure_speed, restored_threads

    builder = SetupBuilder(ready.recipe, ready.dataset, torch.device("cpu"))
    with restored_threads(1):
        return measure_speed(builder.build(), EAGER, budget=_SECONDS).round(ready.recipe, USUAL_ROUND)
