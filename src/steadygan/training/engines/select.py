"""Engine selection: the requested engine or the fastest on this machine, after a check of its gradients.

Measurements are cached in CACHE/engines, by recipe, samples, device with its CPU threads, precision and versions.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import platform
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from steadygan import recipe as recipes
from steadygan.data import DataOptions, cache_folder
from steadygan.errors import SteadyganError, UsageError
from steadygan.recipe import RunOptions, stretched
from steadygan.system.device import device_name
from steadygan.system.files import read_json, write_json
from steadygan.system.time_limit import TimeIsUp, time_limit
from steadygan.system.words import duration
from steadygan.training.engines.agreement import disagreement, replaced_buffers, rounding
from steadygan.training.engines.by_name import make
from steadygan.training.engines.eager import EAGER
from steadygan.training.planning.speed import Speed, measure_speed
from steadygan.training.waiting import Say, said, silent
from steadygan.version import __version__

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.training.engines.base import Engine
    from steadygan.training.setup import SetupBuilder

TOLERANCE = {"fp32": 1e-3, "tf32": 5e-2, "bf16": 1e-1}
"""largest relative distance of a parameter's gradient from the eager one"""
ROUNDING_FACTOR, MAX_TOLERANCE = 3, 2e-2
"""in float32 the tolerance is raised by this many times the rounding error of the eager gradients, up to the maximum"""
COMPILE_SECONDS = 20.0, 1.3
"""approximate seconds for compiling both steps: constant, and per tensor of parameters (docs/speed.md)"""
MIN_LENGTH = 20
"""length of a run, in compile times, from which 'auto' tries compiling"""
MOST_SECONDS = 600.0
"""for which 'auto' tries an engine at most, besides the share of the run that ``MIN_LENGTH`` gives"""
MIN_GAIN = 1.05
"""speedup over eager from which 'auto' selects an engine"""


class Selection(NamedTuple):
    """A selected engine, its speed, and a line with the reason, or ''."""

    engine: Engine
    speed: Speed
    note: str = ""


def select_engine(builder: SetupBuilder, speed: Speed, say: Say = silent) -> Selection:
    """The engine of ``recipe.run.engine``; for 'auto' the fastest, if the run is long enough for a search.

    Falls back to eager, with a note, if an engine's gradients differ from the eager ones or it cannot be built.

    Args:
        builder: of the run
        speed: of eager steps on this process's share
        say: called with lines on what is tried

    Raises:
        UsageError: for an engine that this device does not support.
    """
    requested, eager = builder.recipe.run.engine, Selection(EAGER, speed)
    if requested == "eager":
        return eager
    if requested == "auto":
        return _fastest(builder, eager, say)
    with said(say, f"preparing {requested} steps"):
        engine = verified(requested, builder)
    if isinstance(engine, str):
        return eager._replace(note=f"engine eager, not {requested}: {engine}")
    return Selection(engine, _speed(engine, builder))


def verified(name: str, builder: SetupBuilder) -> Engine | str:
    """An engine whose gradients agree with the eager ones, or the reason against it; the same on all processes.

    Raises:
        UsageError: for an engine that this device does not support.
    """
    engine = make(name)
    for check in (_missing, _disagreeing):  # if it fails on one process, none may start to communicate
        reasons = [reason for reason in builder.world.all_gather_object(check(engine, builder)) if reason]
        if reasons:
            return reasons[0]
    return engine


def _missing(engine: Engine, builder: SetupBuilder) -> str:
    """What this machine lacks for an engine, as far as known before trying it; else ''."""
    if engine.name == "compiled" and builder.device.type == "cpu" and not has_compiler():
        return "there is no C++ compiler (g++ or clang++) here"
    return ""


def _disagreeing(engine: Engine, builder: SetupBuilder) -> str:
    """Why an engine is rejected: an error, or gradients that differ from the eager ones; else ''.

    Of networks that grow, each level is tried.
    """
    reasons = (_disagreeing_at(round_, engine, builder) for round_ in builder.recipe.typical_rounds)
    return next((reason for reason in reasons if reason), "")


def _disagreeing_at(round_: int, engine: Engine, builder: SetupBuilder) -> str:
    """Why an engine is rejected in a round."""
    try:
        rounds = [builder.drawer.round(round_, 0), builder.drawer.round(round_ + 1, 0)]
        replaced = replaced_buffers(builder.build, rounds, round_)
        if replaced:
            return f"a forward puts another tensor in place of {replaced[0]}; change it in place (lerp_, copy_)"
        distances = disagreement(engine, builder.build, rounds, round_)
        worst = max(distances, key=lambda parameter: distances[parameter])
        tolerance = TOLERANCE[builder.precision]
        uncertain = tolerance < distances[worst] <= MAX_TOLERANCE
        if uncertain and builder.precision == "fp32" and builder.device.type != "mps":
            tolerance = min(MAX_TOLERANCE, tolerance + ROUNDING_FACTOR * rounding(builder.build, rounds, round_))
    except UsageError:
        raise
    except SteadyganError as error:
        return str(error)
    except Exception as error:  # compilers raise errors of any kind; eager always works
        lines = str(error).strip().splitlines()
        return f"{type(error).__name__}: {lines[0][:120]}" if lines else type(error).__name__
    return "" if distances[worst] <= tolerance else f"its gradient of {worst} is off by {distances[worst]:.1%}"


def _speed(engine: Engine, builder: SetupBuilder) -> Speed:
    """Speed on this process's share alone: timed processes would not communicate equally often."""
    return measure_speed(builder.alone().build(), engine)


def has_compiler() -> bool:
    """True if a C++ compiler is installed, which compiled steps on a CPU need."""
    if sys.platform == "win32":
        return shutil.which("cl") is not None
    return any(shutil.which(name) for name in ("g++", "clang++", "c++"))


def candidates(builder: SetupBuilder, seconds: float) -> tuple[str, ...]:
    """Engines that 'auto' tries for a run of this length; recorded ones run only on request.

    Args:
        builder: of the run
        seconds: expected length with eager steps
    """
    constant, per_tensor = COMPILE_SECONDS
    if seconds <= MIN_LENGTH * constant:  # too short for any networks: none are built
        return ()
    if builder.device.type != "cuda" and not (builder.device.type == "cpu" and has_compiler()):
        return ()
    game = builder.alone().game()
    tensors = sum(len(player.parameters) for player in game.players.values())
    constant, per_tensor = (seconds * len(builder.recipe.typical_rounds) for seconds in COMPILE_SECONDS)
    return ("compiled",) if seconds > MIN_LENGTH * (constant + per_tensor * tensors) else ()


def _fastest(builder: SetupBuilder, eager: Selection, say: Say) -> Selection:
    """Measures the candidates, or reads the cached result; the same on all processes."""
    eager = eager._replace(speed=builder.world.broadcast(eager.speed))  # for equal decisions
    seconds = eager.speed.rounds(builder.recipe, 0, builder.recipe.rounds)
    names = builder.world.broadcast(candidates(builder, seconds))
    if not names:
        return eager
    path = cache_path(builder)
    cached = builder.world.broadcast(_read(path))
    if cached is not None:
        names = tuple(name for name in names if name == cached["engine"])
        if not names:
            return eager._replace(note=f"{cached['note']} (measured before)")
    fastest, times = eager, {"eager": eager.speed.typical(builder.recipe)}
    reasons, given_up = [], False
    for name in names:
        began = time.perf_counter()
        engine, speed = _tried(name, builder, min(MOST_SECONDS, seconds / MIN_LENGTH), say)
        if engine is None:
            given_up = True
            reasons.append(f"{name} steps were not ready after {duration(time.perf_counter() - began)}")
            continue
        if isinstance(engine, str):
            reasons.append(f"not {name}: {engine}")
            continue
        speed = builder.world.broadcast(speed)
        times[name] = speed.typical(builder.recipe)
        gain = times["eager"] / times[name]
        reasons.append(f"{name} steps are {gain:.2f} times as fast ({time.perf_counter() - began:.0f} s to find out)")
        if times["eager"] > MIN_GAIN * times[name] and times[name] < fastest.speed.typical(builder.recipe):
            fastest = Selection(engine, speed)
    note = f"engine {fastest.engine.name}: {', '.join(reasons)}"
    if builder.world.first and cached is None and not given_up:  # a longer run may wait longer
        _write(path, {"engine": fastest.engine.name, "note": note, "seconds_a_round": times})
    return fastest._replace(note=note)


def _tried(name: str, builder: SetupBuilder, limit: float, say: Say) -> tuple[Engine | str | None, Speed]:
    """An engine with its speed, or the reason against it; None after ``limit`` seconds, in a process that is alone.

    Processes that train together wait for each other, so that none of them may stop before the others.
    """
    limited = builder.world.size == 1
    most = f" for at most {duration(limit)}, {100 / MIN_LENGTH:.0f}% of the run" if limited else ""
    try:
        with (
            said(say, f"trying {name} steps{most} (--engine eager leaves it out)"),
            time_limit(limit) if limited else contextlib.nullcontext(),
        ):
            engine = verified(name, builder)
            return engine, Speed(0.0, 0.0) if isinstance(engine, str) else _speed(engine, builder)
    except TimeIsUp:
        torch._dynamo.reset()
        return None, Speed(0.0, 0.0)


def cache_path(builder: SetupBuilder) -> Path:
    """Cache file of the measurements for such a recipe on this device."""
    facts = {
        "recipe": recipes.dumps(_canonical(builder.alone().recipe)),
        "sample": repr(builder.dataset.sample),
        "device": device_name(builder.device),
        "processor": f"{platform.machine()} {platform.processor()} {torch.backends.cpu.get_cpu_capability()}",
        "precision": builder.precision,
        "processes": builder.world.size,
        "torch": torch.__version__,
        "steadygan": __version__,
    }
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]
    return cache_folder() / "engines" / f"{key}.json"


def _canonical(recipe: Recipe) -> Recipe:
    """The recipe with defaults in all fields that do not affect the speed: seed, data, length, logging."""
    options = RunOptions(micro_batch=recipe.run.micro_batch)
    return dataclasses.replace(stretched(recipe, 1_000), seed=0, data=DataOptions(), run=options)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = read_json(path)
    except SteadyganError:
        return None
    return content if isinstance(content, dict) and {"engine", "note"} <= content.keys() else None


def _write(path: Path, measured: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, measured)
    except (OSError, SteadyganError):
        return  # the next run measures again
