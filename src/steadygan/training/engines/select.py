"""Engine selection: the engine that was asked for, or the fastest here, after its gradients were checked.

Measurements are kept in CACHE/engines, by recipe, samples, device, threads, precision and versions.
"""

from __future__ import annotations

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
from steadygan.training.engines.agreement import disagreement, rounding
from steadygan.training.engines.by_name import make
from steadygan.training.engines.eager import EAGER
from steadygan.training.speed import USUAL_ROUND, Speed, measure_speed
from steadygan.version import __version__

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.training.engines.base import Engine
    from steadygan.training.setup import SetupBuilder

TOLERANCE = {"fp32": 1e-3, "tf32": 5e-2, "bf16": 1e-1}
"""relative distance of a parameter's gradient from the eager one above which an engine is not taken"""
ROUNDINGS, MOST = 3, 2e-2
"""times what rounding does to the eager float32 gradients that is allowed on top, where they are further apart; the sum
is never more than ``MOST``"""
COMPILING = 20.0, 1.3
"""seconds that compiling both steps takes, about: as such, and for each tensor of parameters (docs/speed.md)"""
WORTH = 10
"""times the compiling that a run has to last before 'auto' tries it"""
GAIN = 1.05
"""times that a round has to be faster than eager before 'auto' takes an engine"""


class Selection(NamedTuple):
    """An engine ready to run, the speed with it, and a line on why, or ''."""

    engine: Engine
    speed: Speed
    note: str = ""


def select_engine(builder: SetupBuilder, speed: Speed) -> Selection:
    """The engine of ``recipe.run.engine``; 'auto' is the fastest that this device has, where a search is worth it.

    An engine whose gradients differ from the eager ones, or that cannot be built, is left for eager, with one line.

    Args:
        builder: what is to be run
        speed: of eager steps of this process's part

    Raises:
        UsageError: for an engine that this device cannot have.
    """
    asked, eager = builder.recipe.run.engine, Selection(EAGER, speed)
    if asked == "eager":
        return eager
    if asked == "auto":
        return _fastest(builder, eager)
    engine = verified(asked, builder)
    if isinstance(engine, str):
        return eager._replace(note=f"engine eager, not {asked}: {engine}")
    return Selection(engine, _speed(engine, builder))


def verified(name: str, builder: SetupBuilder) -> Engine | str:
    """An engine whose gradients are the eager ones on this machine, or why there is none; all processes agree on it.

    Raises:
        UsageError: for an engine that this device cannot have.
    """
    engine = make(name)
    for check in (_missing, _disagreeing):  # where one process alone cannot have it, none may begin to sum
        reasons = [reason for reason in builder.world.all_of(check(engine, builder)) if reason]
        if reasons:
            return reasons[0]
    return engine


def _missing(engine: Engine, builder: SetupBuilder) -> str:
    """What an engine needs and this machine lacks, as far as that is known before it is tried; else ''."""
    if engine.name == "compiled" and builder.device.type == "cpu" and not has_compiler():
        return "there is no C++ compiler (g++ or clang++) here"
    return ""


def _disagreeing(engine: Engine, builder: SetupBuilder) -> str:
    """Why an engine is not taken: an error, or gradients that are not the eager ones; '' if nothing is wrong."""
    try:
        rounds = [builder.drawer.round(0, 0), builder.drawer.round(1, 0)]
        off = disagreement(engine, builder.build, rounds)
        worst = max(off, key=lambda parameter: off[parameter])
        allowed = TOLERANCE[builder.precision]
        if builder.precision == "fp32" and allowed < off[worst] <= MOST and builder.device.type != "mps":
            allowed = min(MOST, allowed + ROUNDINGS * rounding(builder.build, rounds))
    except UsageError:
        raise
    except SteadyganError as error:
        return str(error)
    except Exception as error:  # a compiler's errors are of any kind, and eager can always go on
        lines = str(error).strip().splitlines()
        return f"{type(error).__name__}: {lines[0][:120]}" if lines else type(error).__name__
    return "" if off[worst] <= allowed else f"its gradient of {worst} is off by {off[worst]:.1%}"


def _speed(engine: Engine, builder: SetupBuilder) -> Speed:
    """The speed of this process's part alone: processes that measure for a time would not sum equally often."""
    return measure_speed(builder.alone().build(), engine)


def has_compiler() -> bool:
    """True if there is a C++ compiler, which compiled steps on a CPU need."""
    if sys.platform == "win32":
        return shutil.which("cl") is not None
    return any(shutil.which(name) for name in ("g++", "clang++", "c++"))


def candidates(builder: SetupBuilder, seconds: float) -> tuple[str, ...]:
    """Engines that 'auto' tries for a run of such length.

    Recorded ones are not among them: they have not been run on a GPU by us, and are taken where they are asked for.
    """
    always, each = COMPILING
    if seconds <= WORTH * always:  # too short for any networks, so that none are made
        return ()
    if builder.device.type != "cuda" and not (builder.device.type == "cpu" and has_compiler()):
        return ()
    game = builder.alone().game()
    tensors = sum(len(player.parameters) for player in game.players.values())
    return ("compiled",) if seconds > WORTH * (always + each * tensors) else ()


def _fastest(builder: SetupBuilder, eager: Selection) -> Selection:
    eager = eager._replace(speed=builder.world.agreed(eager.speed))  # all have to decide alike
    names = builder.world.agreed(candidates(builder, eager.speed.rounds(builder.recipe, 0, builder.recipe.rounds)))
    if not names:
        return eager
    path = cache_path(builder)
    known = builder.world.agreed(_read(path))
    if known is not None:
        names = tuple(name for name in names if name == known["engine"])
        if not names:
            return eager._replace(note=f"{known['note']} (measured before)")
    fastest, times = eager, {"eager": eager.speed.round(builder.recipe, USUAL_ROUND)}
    reasons = []
    for name in names:
        began = time.perf_counter()
        engine = verified(name, builder)
        if isinstance(engine, str):
            reasons.append(f"not {name}: {engine}")
            continue
        speed = builder.world.agreed(_speed(engine, builder))
        times[name] = speed.round(builder.recipe, USUAL_ROUND)
        gain = times["eager"] / times[name]
        reasons.append(f"{name} steps are {gain:.2f} times as fast ({time.perf_counter() - began:.0f} s to find out)")
        if times["eager"] > GAIN * times[name] and times[name] < fastest.speed.round(builder.recipe, USUAL_ROUND):
            fastest = Selection(engine, speed)
    note = f"engine {fastest.engine.name}: {', '.join(reasons)}"
    if builder.world.first and known is None:
        _write(path, {"engine": fastest.engine.name, "note": note, "seconds_a_round": times})
    return fastest._replace(note=note)


def cache_path(builder: SetupBuilder) -> Path:
    """The cache file of measurements for such a recipe on such a device."""
    part = builder.alone()
    known = {
        "recipe": recipes.dumps(_canonical(part.recipe)),
        "sample": repr(builder.dataset.sample),
        "device": device_name(builder.device),
        "processor": f"{platform.machine()} {platform.processor()} {torch.backends.cpu.get_cpu_capability()}",
        "precision": builder.precision,
        "processes": builder.world.size,
        "torch": torch.__version__,
        "steadygan": __version__,
    }
    key = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:32]
    return cache_folder() / "engines" / f"{key}.json"


def _canonical(recipe: Recipe) -> Recipe:
    """The recipe without what makes no step slower or faster: seed, data, length, what is watched."""
    options = RunOptions(micro_batch=recipe.run.micro_batch)
    return dataclasses.replace(stretched(recipe, 1_000), seed=0, data=DataOptions(), run=options)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        held = read_json(path)
    except SteadyganError:
        return None
    return held if isinstance(held, dict) and {"engine", "note"} <= held.keys() else None


def _write(path: Path, measured: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, measured)
    except (OSError, SteadyganError):
        return  # the next run measures again
