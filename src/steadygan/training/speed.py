"""The speed of a recipe on this machine: seconds per step of each phase, and how many CPU threads are fastest."""

from __future__ import annotations

import contextlib
import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from steadygan.system.cores import cores
from steadygan.training.step.draws import Drawer
from steadygan.training.step.round import step
from steadygan.training.step.setup import Setup

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.training.step.round import Engine

_WORTH_THREADS = 1.25  # times faster than one thread
_LONG_ROUND = 3.0  # seconds, above which threads are compared once
USUAL_ROUND = 1_001
"""a round like most: after a warm-up, and none of those (1,000, ...) in which there are many critic steps again"""


@dataclass(frozen=True)
class Speed:
    """Seconds that one step of each phase takes here."""

    critic_step: float
    """of its main phase"""
    generator_step: float
    """of its main phase"""
    lazy_steps: tuple[float, ...] = ()
    """of the recipe's lazy phases, in their order"""

    def round(self, recipe: Recipe, round_: int) -> float:
        """Seconds of one round; of lazy phases their share."""
        critic, generator = recipe.steps(round_), recipe.generator_steps
        lazy = [phase for phase in recipe.phases if not phase.objective]
        shares = [(critic if phase.player == "critic" else generator) / phase.every for phase in lazy]
        extra = sum(seconds * share for seconds, share in zip(self.lazy_steps, shares, strict=False))
        return critic * self.critic_step + generator * self.generator_step + extra

    def rounds(self, recipe: Recipe, start: int, end: int) -> float:
        """Seconds of the rounds from ``start`` up to ``end``."""
        span = end - start
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
) -> Speed:
    """Times steps on a setup that is thrown away afterwards.

    Args:
        setup: whose game is stepped
        engine: that computes the gradients
        budget: seconds for all phases together, at least one step each
        clock: ``time.process_time`` counts CPU time: what a step costs on a CPU that others use too
    """
    game, drawer = setup.game, setup.drawer
    one = dataclasses.replace(game.recipe, critic_steps=_one)
    draws = Drawer(one, game.sample, drawer.train, game.device, drawer.rows_on).round(0, 0)

    def timed(run: Callable[[], object]) -> float:
        run()  # warms up allocators and kernels' caches
        wait_for(game.device)
        begin = clock()
        count = 0
        while count == 0 or clock() - begin < budget / len(game.phases):
            run()
            wait_for(game.device)
            count += 1
        return (clock() - begin) / count

    game.set_round(0)
    seconds = {
        phase: timed(lambda phase=phase: step(setup, phase, draws.of(phase.player)[0], engine))  # type: ignore[misc]
        for phase in game.phases
    }
    main = {phase.player: cost for phase, cost in seconds.items() if phase.objective}
    lazy = tuple(cost for phase, cost in seconds.items() if not phase.objective)
    return Speed(main["critic"], main["generator"], lazy)


@contextlib.contextmanager
def restored_threads(threads: int | None = None) -> Iterator[None]:
    """Sets the number of CPU threads within the block (None: unchanged) and restores the caller's afterwards."""
    before = torch.get_num_threads()
    if threads is not None:
        torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def choose_threads(recipe: Recipe, measure: Callable[[], Speed]) -> tuple[int, Speed]:
    """CPU threads and the speed with them: those the recipe names, else all where they gain a quarter, else one.

    Threads that wait for each other on a core that another process holds, now or later, can be a hundred times slower
    than one thread. Each number is measured twice, there and back, and judged by the better time, since a moment's
    disturbance only lengthens one; once where a round takes seconds, which evens that out itself.
    """
    available = min(torch.get_num_threads(), cores())
    named = recipe.run.threads
    numbers = list(dict.fromkeys([available, 1] if named is None else [named]))
    speeds: dict[int, list[Speed]] = {threads: [] for threads in numbers}

    def measure_with(threads: int) -> None:
        torch.set_num_threads(threads)
        speeds[threads].append(measure())

    def seconds(speed: Speed) -> float:
        return speed.round(recipe, USUAL_ROUND)

    for threads in numbers:
        measure_with(threads)
    if len(numbers) > 1 and seconds(speeds[available][0]) < _LONG_ROUND:
        for threads in reversed(numbers):
            measure_with(threads)
    costs = {
        threads: min(map(seconds, measured)) * (1.0 if threads == 1 else _WORTH_THREADS)
        for threads, measured in speeds.items()
    }
    threads = min(costs, key=lambda number: (costs[number], number))
    torch.set_num_threads(threads)
    return threads, mean_speed(speeds[threads])


def mean_speed(speeds: Sequence[Speed]) -> Speed:
    """The mean of several measurements."""
    lazy = zip(*(each.lazy_steps for each in speeds), strict=True)
    return Speed(
        statistics.mean(each.critic_step for each in speeds),
        statistics.mean(each.generator_step for each in speeds),
        tuple(map(statistics.mean, lazy)),
    )


def _one(round_: int) -> float:
    return 1.0


def wait_for(device: torch.device) -> None:
    """Waits until the device is idle."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
