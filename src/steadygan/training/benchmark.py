"""Benchmark of engines and precisions: rounds of one recipe, timed side by side on this machine."""

from __future__ import annotations

import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Sequence
from itertools import cycle, product
from typing import TYPE_CHECKING, Any

import torch

from steadygan.errors import UsageError
from steadygan.system.device import device_name, set_matmul_precision
from steadygan.system.malloc import kept_memory
from steadygan.system.threads import restored_threads
from steadygan.training import out_of_memory, validate
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.select import has_compiler, verified
from steadygan.training.planning.speed import USUAL_ROUND, choose_threads, measure_speed, synchronize
from steadygan.training.step.counters import Counters
from steadygan.training.step.round import training_round

if TYPE_CHECKING:
    from steadygan.system.device import Precision
    from steadygan.training.engines.base import Engine
    from steadygan.training.setup import SetupBuilder

DRAWS = 4  # rounds of random numbers, drawn in advance and used in turn


def available_engines(device: torch.device) -> tuple[str, ...]:
    """Names of the engines that a device can have."""
    if device.type == "cuda":
        return ("eager", "compiled", "graph", "compiled-graph")
    return ("eager", "compiled") if device.type == "cpu" and has_compiler() else ("eager",)


@kept_memory()  # as in a run
@restored_threads()
def benchmark(
    builder: SetupBuilder,
    engines: Sequence[str],
    precisions: Sequence[Precision],
    repeats: int = 5,
    seconds: float = 1.0,
    say: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """Times rounds of a recipe with each engine in each precision, on as many CPU threads as a run would choose.

    An engine is timed after its gradients were checked against eager ones. Repeats are interleaved, so that a slow
    moment of the machine hits all alike.

    Args:
        builder: the recipe with its data and device
        engines: by name
        precisions: that the networks compute in
        repeats: of each measurement
        seconds: of a repeat; at least one round
        say: called with a line on each step of the benchmark

    Returns:
        Plain data: recipe, device, threads, and ``entries`` with engine, precision, ``ms`` a round (median, fastest,
        slowest), ``images_per_second``, ``speedup`` over eager fp32 and ``peak_mb`` (reserved on CUDA, else None); or
        with the reason why an engine was ``refused``.

    Raises:
        UsageError: for a recipe that cannot be trained on this data.
    """
    recipe, device = builder.recipe, builder.device
    recipe = dataclasses.replace(recipe, representation=recipe.representation.fitted(builder.dataset.sample))
    setup = dataclasses.replace(builder, recipe=recipe).build()
    validate.check_game(setup.game)
    if device.type == "cpu":
        choose_threads(recipe, lambda: measure_speed(setup, EAGER))
    entries, timers = list[dict[str, Any]](), dict[int, Callable[[int], float]]()
    for index, (precision, name) in enumerate(product(precisions, engines)):
        say(f"preparing {name}, {precision}")
        run = dataclasses.replace(recipe.run, precision=precision)
        each = dataclasses.replace(builder, recipe=dataclasses.replace(recipe, run=run))
        entries.append({"engine": name, "precision": precision})
        prepared = _prepare(name, each)
        if isinstance(prepared, str):
            entries[-1]["refused"] = prepared
        else:
            timers[index], entries[-1]["peak_mb"] = prepared
    counts = {index: max(1, round(seconds / timer(1))) for index, timer in timers.items()}
    times: dict[int, list[float]] = {index: [] for index in timers}
    for repeat in range(repeats):
        say(f"repeat {repeat + 1} of {repeats}")
        for index in timers if repeat % 2 == 0 else reversed(timers):
            times[index].append(timers[index](counts[index]))
    medians = {index: statistics.median(each) for index, each in times.items()}
    eager = [m for i, m in medians.items() if (entries[i]["engine"], entries[i]["precision"]) == ("eager", "fp32")]
    images = recipe.steps(_usual_round(builder)) * recipe.batch
    for index, median in medians.items():
        entries[index]["ms"] = [1e3 * each for each in (median, min(times[index]), max(times[index]))]
        entries[index]["images_per_second"] = images / median
        entries[index]["speedup"] = eager[0] / median if eager else None
    return {
        "recipe": recipe.name,
        "data": builder.dataset.name,
        "images_a_round": images,
        "device": device_name(device),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "entries": entries,
    }


def _prepare(name: str, builder: SetupBuilder) -> tuple[Callable[[int], float], float | None] | str:
    """The timer of an engine after a warm-up and its peak memory in MB; or why the engine is refused."""
    device = builder.device
    try:
        engine = verified(name, builder)
        if isinstance(engine, str):
            return engine
        out_of_memory.release()
        before = torch.cuda.memory_reserved(device) if device.type == "cuda" else 0
        if device.type == "cuda":
            torch.cuda.reset_peak_memory_stats(device)
        timer = _timer(builder, engine)
        timer(1)
        peak = (torch.cuda.max_memory_reserved(device) - before) / 2**20 if device.type == "cuda" else None
        return timer, peak
    except UsageError as error:
        return str(error)
    except (RuntimeError, MemoryError) as error:
        if not out_of_memory.is_out_of_memory(error):
            raise
        return "out of memory"


def _usual_round(builder: SetupBuilder) -> int:
    recipe = builder.recipe
    if recipe.growth is not None:  # at the full size
        return recipe.growth.starts(recipe.batch, recipe.steps(0))[-1] + 1
    return min(USUAL_ROUND, recipe.rounds - 1)


def _timer(builder: SetupBuilder, engine: Engine) -> Callable[[int], float]:
    """A function that runs rounds and returns the mean seconds of one, waiting for data excluded.

    The number of rounds is rounded up to a multiple of the lazy phases' intervals, so that each phase has its share.
    """
    setup, feed, drawer, recipe = builder.build(), builder.feed, builder.drawer, builder.recipe
    number = _usual_round(builder)
    steps = recipe.counts(number)
    draws = cycle([drawer.round(number + i, i * drawer.samples_in(number), steps) for i in range(DRAWS)])
    period = math.lcm(*(phase.every for phase in setup.game.phases))
    done = 0

    def timer(rounds: int) -> float:
        nonlocal done
        rounds = math.ceil(rounds / period) * period
        set_matmul_precision(builder.precision, feed.device)  # of the process, so it may be another timer's
        synchronize(feed.device)
        begin, waited = time.perf_counter(), feed.waited or 0.0
        for _ in range(rounds):
            counters = Counters(number, done * steps.critic, seen=done * steps.generator * recipe.fakes)
            training_round(setup, next(draws), counters, engine)
            done += 1
        synchronize(feed.device)
        return (time.perf_counter() - begin - (feed.waited or 0.0) + waited) / rounds

    return timer
