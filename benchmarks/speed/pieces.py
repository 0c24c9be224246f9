"""The measurements of a command, one by one; those already in the file of results are not repeated."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, get_args

from benchmarks.common import short_path
from benchmarks.speed import comparison, overhead, slopes
from benchmarks.speed.cases import VARIABLES, case
from benchmarks.speed.comparison import Settings
from benchmarks.speed.plain import SAME_NETWORKS
from benchmarks.speed.results import Results, describe
from benchmarks.speed.timing import Clock, Watch
from steadygan.errors import RunError, unknown_name
from steadygan.system.device import Precision, choose_device, choose_precision
from steadygan.system.threads import restored_threads
from steadygan.training import out_of_memory
from steadygan.training.engines.base import EngineName

ENGINES: tuple[str, ...] = get_args(EngineName)


@dataclass(frozen=True)
class Options:
    """Options of the command."""

    cases: Sequence[str] = ()
    slopes: bool = False
    overhead: float | None = None
    """minutes of a training whose overhead is measured; None: not measured"""
    data: str = "digits"
    """source of that training"""
    engines: Sequence[str] | None = None
    """None: eager, and on a GPU all; slopes and overhead take the first"""
    precisions: Sequence[str] = ("auto", "fp32")
    """slopes and overhead take the first"""
    laptop: bool | None = None
    """None: on a CPU"""
    device: str = "auto"
    threads: int | None = None
    """of all sides; None: all for the plain loop, and as many as a run would choose for engines"""
    clock: Clock = "wall"
    repeats: int = 5
    seconds: float = 0.5
    minutes: float | None = None
    """after which no measurement is started"""
    memory: bool = True
    same_networks: bool = False
    out: Path | None = None
    """None: bench-cpu.json, bench-cuda.json, … in the current folder"""


class Piece(NamedTuple):
    """One measurement and its place in the file."""

    kind: str
    key: Mapping[str, Any]
    label: str
    measure: Callable[[Mapping[str, Any] | None], Mapping[str, Any]]
    """the new entry, given the previous one"""
    sides: Sequence[str] = ()
    """that the entry must have"""

    def done(self, results: Results) -> bool:
        """True if it is in the file, with all its sides."""
        entry = results.find(self.kind, self.key)
        return entry is not None and not set(self.sides) - {*entry.get("sides", ()), *entry.get("refused", ())}


def bench(options: Options, command: str, say: Callable[[str], None]) -> Results:
    """Measures what is not in the file yet; each measurement is written at once.

    Args:
        options: of the command
        command: the command line, for the record
        say: prints a line before each measurement, and on what is left

    Raises:
        UsageError: for unusable names, devices, clocks and files.
        RunError: one line, for a failed measurement; earlier ones are kept.
    """
    device, began = choose_device(options.device), time.monotonic()
    engines = options.engines or (ENGINES if device.type == "cuda" else ("eager",))
    for name in engines:
        if name not in ENGINES:
            raise unknown_name("engine", name, ENGINES)
    watch = Watch(device, options.clock)
    precisions = list(dict.fromkeys(choose_precision(name, device) for name in options.precisions))
    with restored_threads(options.threads):
        results = Results(options.out or Path(f"bench-{device.type}.json"), describe(watch))
        asked = pieces(options, watch, engines, precisions)
        left = [piece for piece in asked if not piece.done(results)]
        if len(left) < len(asked):
            done = ", ".join(piece.label for piece in asked if piece not in left)
            say(f"already in {results.path}: {done}")
        number = len(left)
        while left and (options.minutes is None or time.monotonic() - began < 60 * options.minutes):
            piece = left.pop(0)
            say(f"{number - len(left)} of {number}: {piece.label}")
            results.add(piece.kind, piece.key, _measured(piece, results), command)
        results.leave([piece.label for piece in left])
    if left:
        rest = ", ".join(piece.label for piece in left)
        say(f"stopped after {options.minutes:g} minutes; left: {rest}. The same command continues")
    return results


def _measured(piece: Piece, results: Results) -> Mapping[str, Any]:
    try:
        return piece.measure(results.find(piece.kind, piece.key))
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, RunError) or not out_of_memory.is_out_of_memory(error):
            raise
        raise RunError(f"out of memory: {piece.label}; use --laptop, or leave it out of --cases") from None


def pieces(options: Options, watch: Watch, engines: Sequence[str], precisions: Sequence[Precision]) -> list[Piece]:
    """All requested measurements."""
    laptop = watch.device.type == "cpu" if options.laptop is None else options.laptop
    settings = Settings(
        watch,
        laptop,
        options.repeats,
        options.seconds,
        memory=options.memory,
        same_networks=options.same_networks,
        own_threads=options.threads is None and watch.device.type == "cpu",
    )
    requested = [_case(name, precision, engines, settings) for name in options.cases for precision in precisions]
    engine, precision = engines[0], precisions[0]
    if options.slopes:
        for variable in VARIABLES:
            key = {"variable": variable, "precision": precision, "engine": engine, "laptop": laptop}
            run = partial(_slope, variable, precision, engine, settings)
            requested.append(Piece("slopes", key, f"slope against {variable}, {precision}, {engine}", run))
    if options.overhead is not None:
        key = {"data": short_path(options.data), "minutes": options.overhead, "precision": precision, "engine": engine}
        key["laptop"] = laptop
        run = partial(_overhead, options.data, options.overhead, precision, engine, watch, laptop)
        requested.append(Piece("overhead", key, f"overhead of a training, {precision}, {engine}", run))
    return requested


def _case(name: str, precision: Precision, engines: Sequence[str], settings: Settings) -> Piece:
    chosen = case(name, settings.laptop)

    def run(old: Mapping[str, Any] | None) -> Mapping[str, Any]:
        earlier = [] if old is None else [each for each in (*old["sides"], *old["refused"]) if each in ENGINES]
        same_networks = settings.same_networks or (old is not None and SAME_NETWORKS in old["sides"])
        every = list(dict.fromkeys([*earlier, *engines]))
        return comparison.measure(chosen, precision, every, replace(settings, same_networks=same_networks))

    key = {"title": chosen.title, "precision": precision}
    needed = (*engines, SAME_NETWORKS) if settings.same_networks else engines
    return Piece("cases", key, f"{chosen.title}, {precision}", run, needed)


def _slope(variable: str, precision: Precision, engine: str, settings: Settings, old: object) -> Mapping[str, Any]:
    return {**slopes.measure(variable, precision, engine, settings), "laptop": settings.laptop}


def _overhead(
    data: str, minutes: float, precision: Precision, engine: str, watch: Watch, laptop: bool, old: object
) -> Mapping[str, Any]:
    entry = overhead.measure(data, minutes, precision, engine, watch, laptop)
    return {**entry, "data": short_path(data), "laptop": laptop}
