"""All that a command measures, piece by piece: what is in the file already is left alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, get_args

from steadygan.bench import comparing, overhead, slopes
from steadygan.bench.cases import VARIABLES, case
from steadygan.bench.comparing import Settings
from steadygan.bench.measuring import Clock, Watch
from steadygan.bench.results import Results, describe, short
from steadygan.bench.sides import SAME_NETWORKS
from steadygan.errors import RunError, unknown_name
from steadygan.system.device import Precision, choose_device, choose_precision
from steadygan.training import out_of_memory
from steadygan.training.engines.base import EngineName
from steadygan.training.speed import restored_threads

ENGINES: tuple[str, ...] = get_args(EngineName)


@dataclass(frozen=True)
class Options:
    """What to measure, and how."""

    cases: Sequence[str] = ()
    slopes: bool = False
    overhead: float | None = None
    """minutes of the training; None: not measured"""
    data: str = "digits"
    """what that training is on"""
    engines: Sequence[str] | None = None
    """None: eager, and on a GPU all; the first one is that of slopes and overhead"""
    precisions: Sequence[str] = ("auto", "fp32")
    """the first one is that of slopes and overhead"""
    laptop: bool | None = None
    """None: on a CPU"""
    device: str = "auto"
    threads: int | None = None
    """of all sides; None: the plain loop has all, engines as many as a run would take"""
    clock: Clock = "wall"
    repeats: int = 5
    seconds: float = 0.5
    minutes: float | None = None
    """nothing new is begun after so many"""
    memory: bool = True
    same_networks: bool = False
    out: Path | None = None
    """None: bench-cpu.json, bench-cuda.json, … in the current folder"""


class Piece(NamedTuple):
    """One measurement, and where it stands in the file."""

    kind: str
    key: Mapping[str, Any]
    label: str
    measure: Callable[[Mapping[str, Any] | None], Mapping[str, Any]]
    """from what stands there, to the new entry"""
    sides: Sequence[str] = ()
    """that have to be in the entry"""

    def done(self, results: Results) -> bool:
        """Is it in the file, with all its sides?"""
        found = results.find(self.kind, self.key)
        return found is not None and not set(self.sides) - {*found.get("sides", ()), *found.get("refused", ())}


def bench(options: Options, command: str, say: Callable[[str], None]) -> Results:
    """Measures what is not in the file yet, and writes each measurement at once.

    Args:
        options: what and how
        command: that was typed
        say: told of each measurement before it begins, and of what is left

    Raises:
        UsageError: for names, devices, clocks and files that cannot be used.
        RunError: one line, for a measurement that failed; those before are kept.
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
            have = ", ".join(piece.label for piece in asked if piece not in left)
            say(f"in {results.path} already, left alone: {have}")
        number = len(left)
        while left and (options.minutes is None or time.monotonic() - began < 60 * options.minutes):
            piece = left.pop(0)
            say(f"{number - len(left)} of {number}: {piece.label}")
            results.add(piece.kind, piece.key, _measured(piece, results), command)
        results.leave([piece.label for piece in left])
    if left:
        rest = ", ".join(piece.label for piece in left)
        say(f"stopped after {options.minutes:g} minutes; left: {rest}. The same command goes on")
    return results


def _measured(piece: Piece, results: Results) -> Mapping[str, Any]:
    try:
        return piece.measure(results.find(piece.kind, piece.key))
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, RunError) or not out_of_memory.is_out_of_memory(error):
            raise
        raise RunError(f"out of memory: {piece.label}; take --laptop, or leave it out of --cases") from None


def pieces(options: Options, watch: Watch, engines: Sequence[str], precisions: Sequence[Precision]) -> list[Piece]:
    """All measurements that were asked for."""
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
    found = [_case(name, precision, engines, settings) for name in options.cases for precision in precisions]
    by, precision = engines[0], precisions[0]
    if options.slopes:
        for variable in VARIABLES:
            key = {"variable": variable, "precision": precision, "engine": by, "laptop": laptop}
            run = partial(_slope, variable, precision, by, settings)
            found.append(Piece("slopes", key, f"slope against {variable}, {precision}, {by}", run))
    if options.overhead is not None:
        key = {"data": short(options.data), "minutes": options.overhead, "precision": precision, "engine": by}
        key["laptop"] = laptop
        run = partial(_overhead, options.data, options.overhead, precision, by, watch, laptop)
        found.append(Piece("overhead", key, f"overhead of a training, {precision}, {by}", run))
    return found


def _case(name: str, precision: Precision, engines: Sequence[str], settings: Settings) -> Piece:
    chosen = case(name, settings.laptop)

    def run(old: Mapping[str, Any] | None) -> Mapping[str, Any]:
        have = [] if old is None else [each for each in (*old["sides"], *old["refused"]) if each in ENGINES]
        twice = settings.same_networks or (old is not None and SAME_NETWORKS in old["sides"])
        every = list(dict.fromkeys([*have, *engines]))
        return comparing.measure(chosen, precision, every, replace(settings, same_networks=twice))

    key = {"title": chosen.title, "precision": precision}
    needed = (*engines, SAME_NETWORKS) if settings.same_networks else engines
    return Piece("cases", key, f"{chosen.title}, {precision}", run, needed)


def _slope(variable: str, precision: Precision, by: str, settings: Settings, old: object) -> Mapping[str, Any]:
    return {**slopes.measure(variable, precision, by, settings), "laptop": settings.laptop}


def _overhead(
    data: str, minutes: float, precision: Precision, by: str, watch: Watch, laptop: bool, old: object
) -> Mapping[str, Any]:
    found = overhead.measure(data, minutes, precision, by, watch, laptop)
    return {**found, "data": short(data), "laptop": laptop}
