"""One case in one precision: the plain loop and the engines in turn, beside a matrix product."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from steadygan.bench.apart import plain_apart
from steadygan.bench.cases import Case
from steadygan.bench.flops import Operations, Product, operations, product
from steadygan.bench.measuring import Round, Timed, Watch, interleaved, ratios
from steadygan.bench.memory import peak_memory
from steadygan.bench.sides import PLAIN, SAME_NETWORKS, draws_of, library_round, trial
from steadygan.system.device import Precision
from steadygan.system.malloc import kept_memory
from steadygan.training.engines.by_name import make
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.select import verified
from steadygan.training.setup import SetupBuilder
from steadygan.training.speed import choose_threads, measure_speed, restored_threads

PRODUCT = "matrix product"


@dataclass(frozen=True)
class Settings:
    """How a case is measured."""

    watch: Watch
    laptop: bool = False
    repeats: int = 5
    seconds: float = 0.5
    """of one measurement"""
    memory: bool = True
    """peak memory too, in a process for each side"""
    same_networks: bool = False
    """the plain loop around the library's own modules too"""
    own_threads: bool = False
    """engines have as many CPU threads as a run would take, not all; the plain loop has all, as torch has by itself"""
    product_side: int | None = None
    """of the square matrices; None: by the device"""


def measure(case: Case, precision: Precision, engines: Sequence[str], settings: Settings) -> dict[str, Any]:
    """The figures of a case as plain data.

    An engine that cannot be had here, or whose gradients are not the eager ones, is named with the reason.

    Raises:
        UsageError: for an unknown engine.
    """
    watch, device = settings.watch, settings.watch.device
    tried = trial(case, precision, device)
    threads = _of_a_run(tried, watch) if settings.own_threads else torch.get_num_threads()
    loops = {PLAIN: True, SAME_NETWORKS: False} if settings.same_networks else {PLAIN: True}
    rounds: dict[str, Round] = {}
    refused: dict[str, str] = {}
    ready: dict[str, float] = {}
    for name in engines:
        with restored_threads(threads):
            found = prepared(case, precision, name, watch)
        if isinstance(found, str):
            refused[name] = found
        else:
            rounds[name], ready[name] = found
    of_round = operations(tried.build(), draws_of(tried)[0])
    beside = product(precision, device, settings.product_side)
    with contextlib.ExitStack() as stack:
        measured = {
            name: stack.enter_context(plain_apart(case, watch, ordinary=ordinary)) for name, ordinary in loops.items()
        }
        measured.update({name: watch.on(run, threads) for name, run in rounds.items()})
        measured[PRODUCT] = watch.on(beside.run)
        stack.enter_context(kept_memory())  # as in a run
        times = interleaved(measured, settings.repeats, settings.seconds)
    sides = {name: _side(name, case, times, of_round, beside) for name in (*loops, *rounds)}
    for name, seconds in ready.items():
        sides[name]["seconds_to_first_round"] += seconds
    for name, side in sides.items():
        side["threads"] = threads if name in rounds else torch.get_num_threads()
        if settings.memory:
            peak = peak_memory(case.name, settings.laptop, name, precision, str(device), side["threads"])
            side["peak_mb"] = peak
    if any(name != "eager" for name in engines):
        torch._dynamo.reset()  # gives back what was compiled for this case
    return {
        "case": case.name,
        "title": case.title,
        "precision": precision,
        "operations": of_round._asdict(),
        "matrix_product": {
            "side": beside.side,
            "flop_per_second": beside.operations / times[PRODUCT].timing.median,
            "disturbed": times[PRODUCT].timing.disturbed,
        },
        "sides": sides,
        "refused": refused,
    }


def _of_a_run(tried: SetupBuilder, watch: Watch) -> int:
    """The CPU threads that a run would choose."""
    bare = dataclasses.replace(tried.recipe, run=dataclasses.replace(tried.recipe.run, threads=None))
    with restored_threads(), kept_memory():
        setup = tried.build()
        return choose_threads(bare, lambda: measure_speed(setup, EAGER, clock=watch.now))[0]


def prepared(case: Case, precision: Precision, name: str, watch: Watch) -> tuple[Round, float] | str:
    """A round by an engine whose gradients were held against the eager ones, and the seconds that took; or why not.

    Raises:
        UsageError: for an unknown engine.
    """
    make(name)
    if name == "eager":
        return library_round(case, precision, watch.device), 0.0
    began = watch.now()
    try:
        made = verified(name, trial(case, precision, watch.device))
        if isinstance(made, str):
            return made
        run = library_round(case, precision, watch.device, made)
        run()
    except Exception as error:  # a compiler's errors are of any kind
        lines = str(error).strip().splitlines()
        return lines[0][:160] if lines else type(error).__name__
    return run, watch.now() - began


def _side(name: str, case: Case, times: Mapping[str, Timed], of_round: Operations, beside: Product) -> dict[str, Any]:
    timing = times[name].timing
    ratio, spread = ratios(times[PLAIN].times, times[name].times)
    found: dict[str, Any] = {
        "ms": [1e3 * seconds for seconds in (timing.median, timing.fastest, timing.slowest)],
        "samples_per_second": case.recipe.steps(0) * case.recipe.batch / timing.median,
        "times_plain": ratio,
        "times_plain_range": list(spread),
        "seconds_to_first_round": times[name].first,
        "peak_mb": None,
        "disturbed": timing.disturbed,
    }
    if name not in (PLAIN, SAME_NETWORKS):  # whose operations are others, or not in this precision
        rate = of_round.round / timing.median
        found["flop_per_second"] = rate
        found["of_matrix_product"] = rate * times[PRODUCT].timing.median / beside.operations
    return found
