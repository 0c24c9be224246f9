"""Measured speed of a recipe on this machine: seconds per step of each phase, and the fastest number of CPU threads."""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from steadygan.system.cores import cores
from steadygan.training.fixed_latents import drawn_samples
from steadygan.training.step.drawer import Drawer
from steadygan.training.step.round import step
from steadygan.training.step.setup import Setup

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.training.step.round import Engine

_MIN_SPEEDUP = 1.25  # of all threads over one
_LONG_ROUND = 3.0  # seconds; above it each number of threads is measured once
USUAL_ROUND = 1_001
"""a typical round: after a warm-up, and not one of those (1,000, ...) with many critic steps"""


@dataclass(frozen=True)
class Speed:
    """Seconds per step of each phase, and of what is drawn between rounds."""

    critic_step: float
    """of the critic's main phase"""
    generator_step: float
    """of the generator's main phase"""
    lazy_steps: tuple[float, ...] = ()
    """of each lazy phase, in the recipe's order"""
    sample: float = 0.0
    """to draw a sample of the averaged generator"""
    levels: tuple[Speed, ...] = ()
    """of a recipe that grows, at each level; the other fields are those of the last one"""

    def round(self, recipe: Recipe, round_: int) -> float:
        """Seconds of one round; a lazy phase counts with its average over rounds."""
        if self.levels:
            return self.levels[recipe.stage(round_).level].round(recipe, round_)
        critic, generator = recipe.steps(round_), recipe.generator_steps
        main = critic * self.critic_step + generator * self.generator_step
        if not self.lazy_steps:  # a plan asks for thousands of rounds
            return main
        lazy = [phase for phase in recipe.phases if not phase.objective]
        shares = [(critic if phase.player == "critic" else generator) / phase.every for phase in lazy]
        return main + sum(seconds * share for seconds, share in zip(self.lazy_steps, shares, strict=True))

    def level_costs(self, recipe: Recipe) -> tuple[float, ...]:
        """Seconds of a round at each level of a recipe that grows; of others none."""
        return tuple(level.round(recipe, 0) for level in self.levels)

    def typical(self, recipe: Recipe) -> float:
        """Seconds of a typical round; of a recipe that grows, the mean."""
        if self.levels:
            return self.rounds(recipe, 0, recipe.rounds) / recipe.rounds
        return self.round(recipe, USUAL_ROUND)

    def rounds(self, recipe: Recipe, start: int, end: int) -> float:
        """Seconds of the rounds from ``start`` up to ``end``."""
        span = end - start
        if self.levels:
            return sum(
                count * cost
                for count, cost in zip(recipe.stage_rounds(start, end), self.level_costs(recipe), strict=True)
            )
        if span <= 4000:
            return sum(self.round(recipe, r) for r in range(start, end))
        head = sum(self.round(recipe, r) for r in range(start, start + 1000))
        body = [self.round(recipe, start + 1000 + (span - 1000) * i // 1000) for i in range(1000)]
        return head + sum(body) / 1000 * (span - 1000)


def measure_speed(
    setup: Setup,
    engine: Engine,
    budget: float = 1.0,
    clock: Callable[[], float] = time.perf_counter,
    limit: float = math.inf,
) -> Speed:
    """Times the steps of each phase and a sample; the setup's game is changed and should be discarded.

    Args:
        setup: game, feed and drawer
        engine: computes the gradients
        budget: seconds for all together; each phase takes at least one step
        clock: ``time.process_time`` measures CPU time, for a CPU that is shared
        limit: seconds after which a phase is timed by its first step, which else is not counted
    """
    rounds = setup.game.recipe.typical_rounds
    share = len(rounds)
    levels = [_measured(setup, engine, budget / share, clock, limit / share, round_) for round_ in rounds]
    return levels[0] if share == 1 else dataclasses.replace(levels[-1], levels=tuple(levels))


def _measured(
    setup: Setup, engine: Engine, budget: float, clock: Callable[[], float], limit: float, round_: int
) -> Speed:
    """Times the steps of each phase in a round, and a sample."""
    started = clock()
    game, drawer = setup.game, setup.drawer
    one_step = game.recipe if game.recipe.growth else dataclasses.replace(game.recipe, critic_steps=_one)
    draws = Drawer(one_step, game.sample, drawer.train, game.device, drawer.rows_on).round(round_, 0)

    def timed(run: Callable[[], object]) -> float:
        begin = clock()
        run()  # warm-up: allocators, kernel caches
        synchronize(game.device)
        if clock() - started > limit:
            return clock() - begin
        begin = clock()
        count = 0
        while count == 0 or clock() - begin < budget / (len(game.phases) + 1):
            run()
            synchronize(game.device)
            count += 1
        return (clock() - begin) / count

    game.set_round(round_)
    seconds = {
        phase: timed(lambda phase=phase: step(setup, phase, draws.of(phase.player)[0], engine))  # type: ignore[misc]
        for phase in game.phases
    }
    main = {phase.player: cost for phase, cost in seconds.items() if phase.objective}
    lazy = tuple(cost for phase, cost in seconds.items() if not phase.objective)
    sampling = timed(lambda: drawn_samples(game, game.recipe.fakes))
    return Speed(main["critic"], main["generator"], lazy, sampling / game.recipe.fakes)


def choose_threads(
    recipe: Recipe,
    measure: Callable[[], Speed],
    limit: float = math.inf,
    clock: Callable[[], float] = time.perf_counter,
) -> tuple[int, Speed]:
    """Chooses the number of CPU threads, and measures the speed with it.

    The recipe's number if it names one, else all threads if they are 25% faster than one, else one: threads that wait
    for each other on a core that another process uses can be a hundred times slower than a single one. Each number is
    measured twice, in opposite orders, and compared by its better time, since disturbances only lengthen times; long
    rounds, which average them out, are measured once, and so are all if the first measurements took over half of
    ``limit`` seconds.
    """
    available = min(torch.get_num_threads(), cores())
    fixed = recipe.run.threads
    numbers = list(dict.fromkeys([available, 1] if fixed is None else [fixed]))
    speeds: dict[int, list[Speed]] = {threads: [] for threads in numbers}

    def measure_with(threads: int) -> None:
        torch.set_num_threads(threads)
        speeds[threads].append(measure())

    def seconds(speed: Speed) -> float:
        return speed.typical(recipe)

    began = clock()
    for threads in numbers:
        measure_with(threads)
    in_time = clock() - began < limit / 2
    if len(numbers) > 1 and in_time and seconds(speeds[available][0]) < _LONG_ROUND:
        for threads in reversed(numbers):
            measure_with(threads)
    costs = {
        threads: min(map(seconds, measured)) * (1.0 if threads == 1 else _MIN_SPEEDUP)
        for threads, measured in speeds.items()
    }
    threads = min(costs, key=lambda number: (costs[number], number))
    torch.set_num_threads(threads)
    return threads, mean_speed(speeds[threads])


def mean_speed(speeds: Sequence[Speed]) -> Speed:
    """The mean of several measurements."""
    levels = zip(*(each.levels for each in speeds), strict=True)
    lazy = zip(*(each.lazy_steps for each in speeds), strict=True)
    return Speed(
        statistics.mean(each.critic_step for each in speeds),
        statistics.mean(each.generator_step for each in speeds),
        tuple(map(statistics.mean, lazy)),
        statistics.mean(each.sample for each in speeds),
        tuple(map(mean_speed, levels)),
    )


def _one(round_: int) -> float:
    return 1.0


def synchronize(device: torch.device) -> None:
    """Waits until the device is idle."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
