"""Before a run starts: how fast this device is, how long it will take, how often to log, picture and save."""

from __future__ import annotations

import contextlib
import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from steadygan.errors import UsageError
from steadygan.recipe import fitted
from steadygan.system.cores import cores
from steadygan.system.device import device_name
from steadygan.training.engines.eager import EAGER
from steadygan.training.step.draws import Drawer

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.recipe import Recipe
    from steadygan.training.engines.base import Engine
    from steadygan.training.observers import Evaluator
    from steadygan.training.step.feed import Feed
    from steadygan.training.step.game import Game

_LOG_SECONDS = 2.0
_CHECKPOINT_SECONDS = 30.0
_FIRST_PICTURE_SECONDS = 45.0
_PICTURES = 40
_PICTURE_SECONDS = 0.15  # that a picture costs, about, to be written in all its forms
_PICTURE_STEPS = 2  # generator steps that it costs besides: statistics of the average, and samples
_PICTURE_SHARE = 0.015  # of the time, at most, but for those at the start and a few in a short run
_LEAST_PICTURES = 4
_WORTH_THREADS = 1.25  # times faster than one thread
_LONG_ROUND = 3.0  # seconds, above which threads are compared once
_EVALUATION_SHARE = 0.05  # of the time, at most
_EVALUATIONS = 20  # in a run, at most
_LONG_WARM_UP = 1 / 3  # of a run's time
USUAL_ROUND = 1_001
"""a round like most: after a warm-up, and none of those (1,000, ...) in which there are many critic steps again"""
_OVERHEAD = 1.1  # of logging, pictures, checkpoints and evaluations, for --minutes


@dataclass(frozen=True)
class Speed:
    """Seconds that one step of each player takes here."""

    critic_step: float
    generator_step: float

    def round(self, recipe: Recipe, round_: int) -> float:
        """Seconds of one round."""
        return recipe.steps(round_) * self.critic_step + recipe.generator_steps * self.generator_step

    def rounds(self, recipe: Recipe, start: int, end: int) -> float:
        """Seconds of the rounds from ``start`` up to ``end``."""
        span = end - start
        if span <= 4000:
            return sum(self.round(recipe, r) for r in range(start, end))
        head = sum(self.round(recipe, r) for r in range(start, start + 1000))
        body = [self.round(recipe, start + 1000 + (span - 1000) * i // 1000) for i in range(1000)]
        return head + sum(body) / 1000 * (span - 1000)


def measure_speed(
    game: Game,
    feed: Feed,
    drawer: Drawer,
    budget: float = 1.0,
    engine: Engine = EAGER,
    clock: Callable[[], float] = time.perf_counter,
) -> Speed:
    """Times steps of a game that is thrown away afterwards.

    Args:
        game: that is stepped
        feed: of real batches
        drawer: of rows and seeds
        budget: seconds for both players together, at least one step each
        engine: that steps
        clock: ``time.process_time`` counts CPU time: what a step costs on a CPU that others use too
    """
    few = dataclasses.replace(game.recipe, critic_steps=_one)
    draws = Drawer(few, game.sample, drawer.train, game.device, drawer.rows_on).round(0, 0)

    def timed(step: Callable[[], object]) -> float:
        step()  # warms up allocators and kernels' caches
        _wait(game)
        begin = clock()
        count = 0
        while count == 0 or clock() - begin < budget / 2:
            step()
            _wait(game)
            count += 1
        return (clock() - begin) / count

    game.set_rates(0)
    return Speed(
        timed(lambda: engine.critic_step(game, feed, draws.critic[0])),
        timed(lambda: engine.generator_step(game, feed, draws.generator[0])),
    )


@contextlib.contextmanager
def kept_threads(threads: int | None = None) -> Iterator[None]:
    """Gives the caller's CPU threads back afterwards; within there are so many of them, or as many as before."""
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

    def look(threads: int) -> None:
        torch.set_num_threads(threads)
        speeds[threads].append(measure())

    def seconds(speed: Speed) -> float:
        return speed.round(recipe, USUAL_ROUND)

    for threads in numbers:
        look(threads)
    if len(numbers) > 1 and seconds(speeds[available][0]) < _LONG_ROUND:
        for threads in reversed(numbers):
            look(threads)
    costs = {
        threads: min(map(seconds, found)) * (1.0 if threads == 1 else _WORTH_THREADS)
        for threads, found in speeds.items()
    }
    threads = min(costs, key=lambda number: (costs[number], number))
    torch.set_num_threads(threads)
    critic, generator = zip(*((each.critic_step, each.generator_step) for each in speeds[threads]), strict=True)
    return threads, Speed(statistics.mean(critic), statistics.mean(generator))


def _one(round_: int) -> float:
    return 1.0


def _wait(game: Game) -> None:
    if game.device.type == "cuda":
        torch.cuda.synchronize(game.device)
    elif game.device.type == "mps":
        torch.mps.synchronize()


def fit_minutes(recipe: Recipe, speed: Speed, minutes: float) -> Recipe:
    """The recipe with its rounds, decays and the critic's warm-up fitted to a time.

    Raises:
        UsageError: for a time that is no positive number.
    """
    if not minutes > 0:
        raise UsageError(f"--minutes is {minutes}; it has to be above 0")
    seconds = minutes * 60 / _OVERHEAD

    def fits(rounds: int) -> bool:
        return speed.rounds(fitted(recipe, rounds), 0, rounds) < seconds

    low, high = 1, 2
    while fits(high) and high < 2**31:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return fitted(recipe, low)


def _tidy(number: float) -> int:
    """A round number near ``number``, at least 1: 1, 2, 5, 10, 20, 50, …"""
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor >= number * 0.75:
                return step * factor
        step *= 10


def settle(recipe: Recipe, speed: Speed, threads: int | None = None, evaluator: Evaluator | None = None) -> Recipe:
    """The recipe with the intervals and threads that were left open chosen from the speed."""
    run, each = recipe.run, max(1e-9, speed.rounds(recipe, 0, recipe.rounds) / recipe.rounds)
    whole = each * recipe.rounds
    picture_seconds = min(max(whole / _PICTURES, 2.0), 600.0)
    if speed.rounds(recipe, 0, min(recipe.rounds, 64)) < _FIRST_PICTURE_SECONDS:
        picture_seconds = min(picture_seconds, max(_FIRST_PICTURE_SECONDS, whole / 200))
    cost = _PICTURE_SECONDS + _PICTURE_STEPS * speed.generator_step
    picture_seconds = max(picture_seconds, min(cost / _PICTURE_SHARE, whole / _LEAST_PICTURES))
    checkpoint_every = run.checkpoint_every or min(recipe.rounds, _tidy(_CHECKPOINT_SECONDS / each))
    evaluation = 0.0
    if evaluator is not None:
        evaluation = evaluator.seconds + evaluator.count / recipe.fakes * speed.generator_step
    between = max(evaluation / _EVALUATION_SHARE, whole / _EVALUATIONS)  # seconds
    chosen = dataclasses.replace(
        run,
        threads=threads if run.threads is None else run.threads,
        log_every=run.log_every or min(recipe.rounds, _tidy(_LOG_SECONDS / each)),
        picture_every=run.picture_every or min(recipe.rounds, _tidy(picture_seconds / each)),
        checkpoint_every=checkpoint_every,
        evaluate_every=run.evaluate_every or min(recipe.rounds, _tidy(between / each)),
    )
    return dataclasses.replace(recipe, run=chosen)


def duration(seconds: float) -> str:
    """A time for people."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h" if seconds < 48 * 3600 else f"{seconds / 86400:.1f} days"


def size(count: float) -> str:
    """Bytes for people."""
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def plan_lines(recipe: Recipe, game: Game, speed: Speed, dataset: Dataset) -> tuple[str, ...]:
    """What will happen, in a few lines for people."""
    weights = [sum(p.numel() for p in module.parameters()) for module in (game.generator, game.critic)]
    seconds = speed.rounds(recipe, 0, recipe.rounds) * _OVERHEAD
    checkpoint = 4 * (weights[0] * 4 + weights[1] * 3)
    steps, made = recipe.steps(USUAL_ROUND), recipe.generator_steps
    audit = dataset.audit
    decoded = f", decoded pictures {size(audit.cache_bytes)} in {audit.cache}" if audit and audit.cache else ""
    lines = [
        f"generator {type(recipe.generator).__name__}, {weights[0]:,} parameters; "
        f"critic {type(recipe.critic).__name__}, {weights[1]:,} parameters; samples {game.sample}",
        f"{recipe.rounds:,} rounds of {steps} critic step{'s' * (steps > 1)} and "
        f"{'one' if made == 1 else made} generator step{'s' * (made > 1)}, "
        f"batch {recipe.batch}: about {duration(seconds)} on {device_name(game.device)} in {game.precision}, "
        f"{recipe.run.engine} steps",
        f"disk: about {size(checkpoint * (recipe.run.keep_last + 2))} of checkpoints{decoded}",
        f"picture every {recipe.run.picture_every:,} rounds, checkpoint every {recipe.run.checkpoint_every:,}",
    ]
    share = warm_up_share(recipe, speed)
    if share > _LONG_WARM_UP:
        lines.append(
            f"note: {share:.0%} of the time goes into critic steps beyond {steps} a round, the critic's warm-up: "
            f"take more rounds, or --critic-steps {steps} to leave it out"
        )
    ends = {end for _, end in decays(recipe) if end != recipe.rounds}
    if ends:
        lines.append(
            f"note: a decay ends at round {min(ends):,}, the run at {recipe.rounds:,} "
            "(--minutes fits both; --rounds only cuts)"
        )
    return tuple(lines)


def warm_up_share(recipe: Recipe, speed: Speed) -> float:
    """The share of a run's time that critic steps beyond the usual ones take."""
    whole = speed.rounds(recipe, 0, recipe.rounds)
    usual = recipe.rounds * speed.round(recipe, USUAL_ROUND)
    return max(0.0, 1 - usual / whole) if whole else 0.0


def decays(recipe: Recipe) -> list[tuple[str, int]]:
    """Each schedule below the recipe that ends at a round, with that round."""
    found: list[tuple[str, int]] = []

    def visit(value: object, where: str) -> None:
        if isinstance(value, tuple):
            for i, item in enumerate(value):
                visit(item, f"{where}[{i}]")
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            for f in dataclasses.fields(value):
                inner = getattr(value, f.name)
                if f.name == "rounds" and where and isinstance(inner, int):
                    found.append((where, inner))
                visit(inner, f"{where}.{f.name}".lstrip("."))

    visit(recipe, "")
    return found
