"""Measures a case in one precision: the plain loop, each engine and a matrix product, interleaved."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from benchmarks.speed.cases import Case
from benchmarks.speed.flops import Operations, Product, operations, product
from benchmarks.speed.library import builder_of, draws_of, library_round
from benchmarks.speed.memory import peak_memory
from benchmarks.speed.plain import PLAIN, SAME_NETWORKS
from benchmarks.speed.plain_process import plain_in_own_process
from benchmarks.speed.timing import Round, Timed, Watch, interleaved, ratios
from steadygan.system.device import Precision
from steadygan.system.malloc import kept_memory
from steadygan.system.threads import restored_threads
from steadygan.training.engines.by_name import make
from steadygan.training.engines.eager import EAGER
from steadygan.training.engines.select import verified
from steadygan.training.planning.speed import choose_threads, measure_speed
from steadygan.training.setup import SetupBuilder

PRODUCT = "matrix product"


@dataclass(frozen=True)
class Settings:
    """Settings of a measurement."""

    watch: Watch
    laptop: bool = False
    repeats: int = 5
    seconds: float = 0.5
    """of one measurement"""
    memory: bool = True
    """measure peak memory as well, in a process for each side"""
    same_networks: bool = False
    """measure also the plain loop around the library's own modules"""
    own_threads: bool = False
    """engines get as many CPU threads as a run would choose; the plain loop gets all, as torch does by default"""
    product_side: int | None = None
    """side of the square matrices; None: by the device"""


def measure(case: Case, precision: Precision, engines: Sequence[str], settings: Settings) -> dict[str, Any]:
    """Time, memory and operations of a case as plain data.

    An engine that is not available, or whose gradients differ from the eager ones, is listed with the reason.

    Raises:
        UsageError: for an unknown engine.
    """
    watch, device = settings.watch, settings.watch.device
    builder = builder_of(case, precision, device)
    threads = _threads_of_run(builder, watch) if settings.own_threads else torch.get_num_threads()
    loops = {PLAIN: True, SAME_NETWORKS: False} if settings.same_networks else {PLAIN: True}
    rounds: dict[str, Round] = {}
    refused: dict[str, str] = {}
    preparation: dict[str, float] = {}
    for name in engines:
        with restored_threads(threads):
            result = prepared(case, precision, name, watch)
        if isinstance(result, str):
            refused[name] = result
        else:
            rounds[name], preparation[name] = result
    counted = operations(builder.build(), draws_of(builder)[0])
    matrix = product(precision, device, settings.product_side)
    with contextlib.ExitStack() as stack:
        measured = {
            name: stack.enter_context(plain_in_own_process(case, watch, ordinary=ordinary))
            for name, ordinary in loops.items()
        }
        measured.update({name: watch.on(run, threads) for name, run in rounds.items()})
        measured[PRODUCT] = watch.on(matrix.run)
        stack.enter_context(kept_memory())  # as in a run
        times = interleaved(measured, settings.repeats, settings.seconds)
    sides = {name: _side(name, case, times, counted, matrix) for name in (*loops, *rounds)}
    for name, seconds in preparation.items():
        sides[name]["seconds_to_first_round"] += seconds
    for name, side in sides.items():
        side["threads"] = threads if name in rounds else torch.get_num_threads()
        if settings.memory:
            side["peak_mb"] = peak_memory(case.name, settings.laptop, name, precision, str(device), side["threads"])
    if any(name != "eager" for name in engines):
        torch._dynamo.reset()  # frees what was compiled for this case
    return {
        "case": case.name,
        "title": case.title,
        "precision": precision,
        "operations": counted._asdict(),
        "matrix_product": {
            "side": matrix.side,
            "flop_per_second": matrix.operations / times[PRODUCT].timing.median,
            "disturbed": times[PRODUCT].timing.disturbed,
        },
        "sides": sides,
        "refused": refused,
    }


def _threads_of_run(builder: SetupBuilder, watch: Watch) -> int:
    """The CPU threads that a run would choose."""
    bare = dataclasses.replace(builder.recipe, run=dataclasses.replace(builder.recipe.run, threads=None))
    with restored_threads(), kept_memory():
        setup = builder.build()
        return choose_threads(bare, lambda: measure_speed(setup, EAGER, clock=watch.now))[0]


def prepared(case: Case, precision: Precision, name: str, watch: Watch) -> tuple[Round, float] | str:
    """A round with an engine whose gradients agree with the eager ones, and the seconds of that check; or the reason.

    Raises:
        UsageError: for an unknown engine.
    """
    make(name)
    if name == "eager":
        return library_round(case, precision, watch.device), 0.0
    began = watch.now()
    try:
        engine = verified(name, builder_of(case, precision, watch.device))
        if isinstance(engine, str):
            return engine
        run = library_round(case, precision, watch.device, engine)
        run()
    except Exception as error:  # a compiler's errors are of any kind
        lines = str(error).strip().splitlines()
        return lines[0][:160] if lines else type(error).__name__
    return run, watch.now() - began


def _side(name: str, case: Case, times: Mapping[str, Timed], counted: Operations, matrix: Product) -> dict[str, Any]:
    timing = times[name].timing
    ratio, spread = ratios(times[PLAIN].times, times[name].times)
    side: dict[str, Any] = {
        "ms": [1e3 * seconds for seconds in (timing.median, timing.fastest, timing.slowest)],
        "samples_per_second": case.recipe.steps(0) * case.recipe.batch / timing.median,
        "times_plain": ratio,
        "times_plain_range": list(spread),
        "seconds_to_first_round": times[name].first,
        "peak_mb": None,
        "disturbed": timing.disturbed,
    }
    if name not in (PLAIN, SAME_NETWORKS):  # whose operations or precision differ
        rate = counted.round / timing.median
        side["flop_per_second"] = rate
        side["of_matrix_product"] = rate * times[PRODUCT].timing.median / matrix.operations
    return side
