"""Resolution of the settings that a recipe leaves open: threads, engine, intervals, and rounds for a time limit."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, NamedTuple

from steadygan.kinds import bound
from steadygan.recipe import own_kinds
from steadygan.schedules import FAR, value_at
from steadygan.system.device import device_name
from steadygan.training import out_of_memory, pretraining, validate
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.select import select_engine
from steadygan.training.own_networks import check_repeatable, with_labels_settled
from steadygan.training.planning import plan, speed
from steadygan.training.planning.costs import expected_costs
from steadygan.training.processes.world import ALONE, World
from steadygan.training.setup import SetupBuilder
from steadygan.training.trial import first_steps
from steadygan.training.waiting import Say, said, silent

if TYPE_CHECKING:
    import torch

    from steadygan.data import Dataset
    from steadygan.ema import Average
    from steadygan.recipe import Recipe
    from steadygan.training.engines.base import Engine
    from steadygan.training.observers import Evaluator
    from steadygan.training.planning.budget import Budget
    from steadygan.training.planning.speed import Speed


MEASURING = 1 / 20
"""of a time limit, for measuring the speed with each number of threads, at most"""
LEAST_SECONDS = 0.1
"""that rounds are fitted to once the time is over"""


class Resolved(NamedTuple):
    """A recipe with all settings resolved, the measured speed, the engine, notes, and warnings of the validation."""

    recipe: Recipe
    speed: Speed
    engine: Engine
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def resolve(
    recipe: Recipe,
    dataset: Dataset,
    device: torch.device,
    budget: Budget | None = None,
    evaluator: Evaluator | None = None,
    world: World = ALONE,
    say: Say = silent,
) -> Resolved:
    """Validates a recipe, measures its speed, and chooses the settings that it leaves open.

    A time limit is for all of this too: rounds are fitted to what is left of it, and measuring ends after a twentieth.

    Of several processes each measures its share alone; the first one's choice is broadcast. ``say`` gets lines on
    what takes its time.

    Raises:
        UsageError: for a recipe that cannot work on this data.
        RunError: if a step does not fit into memory.
    """
    warnings: tuple[str, ...] | None = None
    recipe = dataclasses.replace(recipe, representation=recipe.representation.fitted(dataset.sample))
    recipe = with_labels_settled(recipe, dataset.sample)
    out_of_memory.check_batch(recipe, dataset.sample)
    validate.check_own_parts(recipe, dataset.sample)
    share = SetupBuilder(recipe, dataset, device, world).alone()

    def timed(builder: SetupBuilder) -> Speed:
        nonlocal warnings
        setup = builder.build()
        if warnings is None:
            warnings = validate.check_game(setup.game, (recipe, world.size))
            check_repeatable(setup.game, builder.game)
        return first_steps(lambda: speed.measure_speed(setup, EAGER, budget=seconds, limit=longest))

    def measure() -> Speed:
        try:
            return timed(share)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory.is_out_of_memory(error):
                raise
        smaller = lambda tried: timed(SetupBuilder(tried, dataset, device))  # noqa: E731
        raise out_of_memory.explain(share.recipe, device_name(device), smaller)

    limit = math.inf if budget is None else MEASURING * budget.seconds
    seconds = min(1.0, limit / 8)
    longest = limit / 2 if device.type == "cpu" else math.inf  # a GPU's first step says little
    threads: int | None = None
    with said(say, "measuring the time of a round", at_once=False):
        if device.type == "cpu":
            threads, measured = speed.choose_threads(recipe, measure, limit)
        else:
            measured = measure()
    costs = expected_costs(recipe, measured, evaluator)
    closing = sum(costs.values())
    first = 0.0 if budget is None else pretraining.expected_seconds(share.build())

    def within_time(speed: Speed) -> Recipe:
        if budget is None:
            return recipe
        return plan.fit_minutes(recipe, speed, max(LEAST_SECONDS, budget.left - first) / 60, closing)

    fitted = within_time(measured)
    engine, measured, note = select_engine(SetupBuilder(fitted, dataset, device, world), measured, say)
    fitted = within_time(measured)
    average = fitted.average.within(fitted.fakes * fitted.generator_steps, fitted.rounds)
    notes = [f"note: {note}"] if note else []
    if average != fitted.average:
        notes.append(
            f"note: the average's half-life is {_samples(average)}, not {_samples(fitted.average)}: longer ones would "
            f"keep the weights of the first of {fitted.rounds:,} rounds"
        )
    run = dataclasses.replace(fitted.run, engine=engine.name)
    fitted = dataclasses.replace(fitted, average=average, run=run)
    chosen = plan.choose_intervals(fitted, measured, threads, evaluator)
    resolved, measured = world.broadcast((chosen, measured))
    resolved = bound(resolved, own_kinds(fitted))  # another process's recipe holds import paths
    return Resolved(resolved, measured, engine, tuple(notes), warnings or ())


def _samples(average: Average) -> str:
    """The half-life of an average in words; that of its end, if it is a schedule."""
    half_life = average.half_life
    if isinstance(half_life, int | float):
        return f"{half_life:,.0f} samples"
    return f"{value_at(half_life, FAR):,.0f} samples at its end"
