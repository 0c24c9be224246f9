"""All that a command measures, piece by piece: what is in the file already is left alone."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch

from steadygan.bench import comparing, overhead, slopes
from steadygan.bench.cases import VARIABLES, case
from steadygan.bench.comparing import Settings
from steadygan.bench.measuring import Clock, Watch
from steadygan.bench.results import Results, describe
from steadygan.training import engine
from steadygan.training.precision import Precision, choose_device, choose_precision
from steadygan.types import unknown_name


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
    engines: Sequence[str] = ()
    """that have to be in the entry"""

    def done(self, results: Results) -> bool:
        """Is it in the file, with all its engines?"""
        found = results.find(self.kind, self.key)
        return found is not None and not set(self.engines) - {*found.get("sides", ()), *found.get("refused", ())}


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
    engines = options.engines or (engine.NAMES if device.type == "cuda" else ("eager",))
    for name in engines:
        if name not in engine.NAMES:
            raise unknown_name("engine", name, engine.NAMES)
    watch, before = Watch(device, options.clock), torch.get_num_threads()
    precisions = list(dict.fromkeys(choose_precision(name, device) for name in options.precisions))
    try:
        if options.threads is not None:
            torch.set_num_threads(options.threads)
        results = Results(options.out or Path(f"bench-{device.type}.json"), describe(watch))
        asked = pieces(options, watch, engines, precisions)
        left = [piece for piece in asked if not piece.done(results)]
        if len(left) < len(asked):
            have = ", ".join(piece.label for piece in asked if piece not in left)
            say(f"in {results.path} already, left alone: {have}")
        for done, piece in enumerate(left):
            if options.minutes is not None and time.monotonic() - began > 60 * options.minutes:
                break
            say(f"{done + 1} of {len(left)}: {piece.label}")
            entry = piece.measure(results.find(piece.kind, piece.key))
            results.note(command, [later.label for later in left[done + 1 :]])
            results.add(piece.kind, piece.key, entry)
    finally:
        torch.set_num_threads(before)
    rest = [piece.label for piece in asked if not piece.done(results)]
    if rest:
        say(f"stopped after {options.minutes:g} minutes; left: {', '.join(rest)}. The same command goes on")
    return results


def pieces(options: Options, watch: Watch, engines: Sequence[str], precisions: Sequence[Precision]) -> list[Piece]:
    """All measurements that were asked for."""
    laptop = watch.device.type == "cpu" if options.laptop is None else options.laptop
    settings = Settings(
        watch, laptop, options.repeats, options.seconds, memory=options.memory, same_networks=options.same_networks
    )
    found = [_case(name, precision, engines, settings) for name in options.cases for precision in precisions]
    by, precision = engines[0], precisions[0]
    if options.slopes:
        for variable in VARIABLES:
            key = {"variable": variable, "precision": precision, "engine": by, "laptop": laptop}
            run = partial(_slope, variable, precision, by, settings)
            found.append(Piece("slopes", key, f"slope against {variable}, {precision}, {by}", run))
    if options.overhead is not None:
        key = {"data": options.data, "minutes": options.overhead, "precision": precision, "engine": by}
        key["laptop"] = laptop
        run = partial(_overhead, options.data, options.overhead, precision, by, watch, laptop)
        found.append(Piece("overhead", key, f"overhead of a training, {precision}, {by}", run))
    return found


def _case(name: str, precision: Precision, engines: Sequence[str], settings: Settings) -> Piece:
    chosen = case(name, settings.laptop)

    def run(old: Mapping[str, Any] | None) -> Mapping[str, Any]:
        have = [] if old is None else [each for each in (*old["sides"], *old["refused"]) if each in engine.NAMES]
        return comparing.measure(chosen, precision, list(dict.fromkeys([*have, *engines])), settings)

    key = {"title": chosen.title, "precision": precision}
    return Piece("cases", key, f"{chosen.title}, {precision}", run, engines)


def _slope(variable: str, precision: Precision, by: str, settings: Settings, old: object) -> Mapping[str, Any]:
    return {**slopes.measure(variable, precision, by, settings), "laptop": settings.laptop}


def _overhead(
    data: str, minutes: float, precision: Precision, by: str, watch: Watch, laptop: bool, old: object
) -> Mapping[str, Any]:
    found = overhead.measure(data, minutes, precision, by, watch, laptop)
    return {**found, "data": data, "laptop": laptop}
