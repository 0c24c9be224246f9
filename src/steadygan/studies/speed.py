"""Seconds of a round of a trial's training, measured with one thread, and the sizes of its networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from steadygan.studies.device import device

if TYPE_CHECKING:
    from steadygan.preparation import Prepared
    from steadygan.training.setup import SetupBuilder

_SECONDS, _LONGEST = 0.5, 3.0
"""for all phases together; and after which a step is timed by its first run"""


def seconds_per_round(ready: Prepared) -> float:
    """Of a typical round of the recipe on its data, on the study's device."""
    from steadygan.system.threads import restored_threads
    from steadygan.training.engines.eager import EAGER
    from steadygan.training.planning.speed import measure_speed

    with restored_threads(1):
        speed = measure_speed(_builder(ready).build(), EAGER, budget=_SECONDS, limit=_LONGEST)
        return speed.typical(ready.recipe)


def facts(ready: Prepared) -> Mapping[str, str]:
    """Of what is trained, in words: networks with their numbers of parameters, batch, data."""
    from steadygan.networks.building import spec_name

    game, recipe = _builder(ready).build().game, ready.recipe
    generator, critic = (sum(p.numel() for p in module.parameters()) for module in (game.generator, game.critic))
    return {
        "generator": f"{spec_name(recipe.generator)}, {generator:,} parameters",
        "critic": f"{spec_name(recipe.critic)}, {critic:,} parameters",
        "batch": f"{recipe.batch:,}",
        "data": f"{ready.dataset.name}, samples {game.sample}",
    }


def seconds_of_evaluations(ready: Prepared, count: int) -> float:
    """Of so many evaluations of samples; 0 for a recipe that asks for none."""
    from steadygan.evaluation.during_training import training_evaluator
    from steadygan.system.threads import restored_threads
    from steadygan.training.engines.eager import EAGER
    from steadygan.training.planning.costs import expected_costs
    from steadygan.training.planning.speed import measure_speed

    with restored_threads(1):
        evaluator = training_evaluator(ready.recipe, ready.dataset)
        if evaluator is None:
            return 0.0
        speed = measure_speed(_builder(ready).build(), EAGER, budget=0.0, limit=_LONGEST)
        return count * expected_costs(ready.recipe, speed, evaluator)["evaluation"]


def _builder(ready: Prepared) -> SetupBuilder:
    from steadygan.system.device import choose_device
    from steadygan.training.setup import SetupBuilder

    return SetupBuilder(ready.recipe, ready.dataset, choose_device(device()))
