"""Which engine a run takes: the one that was asked for, or the fastest here, after a look at its gradients.

What was measured is kept in CACHE/engines, by recipe, samples, device, threads, precision and versions.
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
from steadygan.training.engines.agreement import disagreement, make, rounding
from steadygan.training.engines.base import RECORDED
from steadygan.training.engines.eager import EAGER
from steadygan.training.plan import USUAL_ROUND, Speed, measure_speed
from steadygan.version import __version__

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.training.engines.base import Engine
    from steadygan.training.setup import Trial

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


class Chosen(NamedTuple):
    """An engine ready to run, the speed with it, and a line on why, or ''."""

    engine: Engine
    speed: Speed
    note: str = ""


def choose_engine(trial: Trial, speed: Speed) -> Chosen:
    """The engine of ``recipe.run.engine``; 'auto' is the fastest that this device has, where a search is worth it.

    An engine whose gradients differ from the eager ones, or that cannot be built, is left for eager, with one line.

    Args:
        trial: what is to be run
        speed: of eager steps of this process's part

    Raises:
        UsageError: for an engine that this device cannot have.
    """
    asked, eager = trial.recipe.run.engine, Chosen(EAGER, speed)
    if asked == "eager":
        return eager
    if asked == "auto":
        return _fastest(trial, eager)
    engine = verified(asked, trial)
    if isinstance(engine, str):
        return eager._replace(note=f"engine eager, not {asked}: {engine}")
    return Chosen(engine, _speed(engine, trial))


def verified(name: str, trial: Trial) -> Engine | str:
    """An engine whose gradients are the eager ones on this machine, or why there is none; all processes agree on it.

    Raises:
        UsageError: for an engine that this device cannot have.
    """
    engine = make(name)
    for look in (_hindrance, _objection):  # where one process alone is hindered, none may begin to sum
        reasons = [reason for reason in trial.world.all_of(look(engine, trial)) if reason]
        if reasons:
            return reasons[0]
    return engine


def _hindrance(engine: Engine, trial: Trial) -> str:
    """Why an engine cannot be had here, as far as that is known before it is tried; else ''."""
    if engine.name == "compiled" and trial.device.type == "cpu" and not has_compiler():
        return "there is no C++ compiler (g++ or clang++) here"
    if engine.name in RECORDED and trial.world.size > 1:
        return "several processes sum in the middle of a step"
    if engine.name in RECORDED and trial.feed.reader is not None:  # a recording would see its first batch for ever
        return "the data is read while it trains"
    return ""


def _objection(engine: Engine, trial: Trial) -> str:
    """Why an engine is not to be taken, after a look at its gradients; '' if nothing is wrong with it."""
    try:
        rounds = [trial.drawer.round(0, 0), trial.drawer.round(1, 0)]
        off = disagreement(engine, trial.game, trial.feed, rounds)
        worst = max(off, key=lambda parameter: off[parameter])
        allowed = TOLERANCE[trial.precision]
        if trial.precision == "fp32" and allowed < off[worst] <= MOST and trial.device.type != "mps":
            allowed = min(MOST, allowed + ROUNDINGS * rounding(trial.game, trial.feed, rounds))
    except UsageError:
        raise
    except SteadyganError as error:
        return str(error)
    except Exception as error:  # a compiler's errors are of any kind, and eager can always go on
        lines = str(error).strip().splitlines()
        return f"{type(error).__name__}: {lines[0][:120]}" if lines else type(error).__name__
    return "" if off[worst] <= allowed else f"its gradient of {worst} is off by {off[worst]:.1%}"


def _speed(engine: Engine, trial: Trial) -> Speed:
    """Of this process's part alone: processes that measure for a time would not sum equally often."""
    part = trial.alone()
    return measure_speed(part.game(), part.feed, part.drawer, engine=engine)


def has_compiler() -> bool:
    """Is there a C++ compiler, which compiled steps on a CPU need?"""
    if sys.platform == "win32":
        return shutil.which("cl") is not None
    return any(shutil.which(name) for name in ("g++", "clang++", "c++"))


def candidates(trial: Trial, seconds: float) -> tuple[str, ...]:
    """Engines that 'auto' tries for a run of such length.

    Recorded ones are not among them: they have not been run on a GPU by us, and are taken where they are asked for.
    """
    always, each = COMPILING
    if seconds <= WORTH * always:  # too short for any networks, so that none are made
        return ()
    if trial.device.type != "cuda" and not (trial.device.type == "cpu" and has_compiler()):
        return ()
    game = trial.alone().game()
    tensors = len(game.critic_parameters) + len(game.generator_parameters)
    return ("compiled",) if seconds > WORTH * (always + each * tensors) else ()


def _fastest(trial: Trial, eager: Chosen) -> Chosen:
    eager = eager._replace(speed=trial.world.agreed(eager.speed))  # all have to decide alike
    names = trial.world.agreed(candidates(trial, eager.speed.rounds(trial.recipe, 0, trial.recipe.rounds)))
    if not names:
        return eager
    path = kept_at(trial)
    held = trial.world.agreed(_read(path))
    if held is not None:
        names = tuple(name for name in names if name == held["engine"])
        if not names:
            return eager._replace(note=f"{held['note']} (measured before)")
    found, times = eager, {"eager": eager.speed.round(trial.recipe, USUAL_ROUND)}
    reasons = []
    for name in names:
        began = time.perf_counter()
        engine = verified(name, trial)
        if isinstance(engine, str):
            reasons.append(f"not {name}: {engine}")
            continue
        speed = trial.world.agreed(_speed(engine, trial))
        times[name] = speed.round(trial.recipe, USUAL_ROUND)
        gain = times["eager"] / times[name]
        reasons.append(f"{name} steps are {gain:.2f} times as fast ({time.perf_counter() - began:.0f} s to find out)")
        if times["eager"] > GAIN * times[name] and times[name] < found.speed.round(trial.recipe, USUAL_ROUND):
            found = Chosen(engine, speed)
    note = f"engine {found.engine.name}: {', '.join(reasons)}"
    if trial.world.first and held is None:
        _keep(path, {"engine": found.engine.name, "note": note, "seconds_a_round": times})
    return found._replace(note=note)


def kept_at(trial: Trial) -> Path:
    """The file that what was measured for such a recipe on such a device is kept in."""
    part = trial.alone()
    known = {
        "recipe": recipes.dumps(_canonical(part.recipe)),
        "sample": repr(trial.dataset.sample),
        "device": device_name(trial.device),
        "processor": f"{platform.machine()} {platform.processor()} {torch.backends.cpu.get_cpu_capability()}",
        "precision": trial.precision,
        "processes": trial.world.size,
        "torch": torch.__version__,
        "steadygan": __version__,
    }
    key = hashlib.sha256(json.dumps(known, sort_keys=True).encode()).hexdigest()[:32]
    return cache_folder() / "engines" / f"{key}.json"


def _canonical(recipe: Recipe) -> Recipe:
    """The recipe without what makes no step slower or faster: seed, data, length, what is watched."""
    watched = RunOptions(micro_batch=recipe.run.micro_batch)
    return dataclasses.replace(stretched(recipe, 1_000), seed=0, data=DataOptions(), run=watched)


def _read(path: Path) -> dict[str, Any] | None:
    try:
        held = read_json(path)
    except SteadyganError:
        return None
    return held if isinstance(held, dict) and {"engine", "note"} <= held.keys() else None


def _keep(path: Path, found: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, found)
    except (OSError, SteadyganError):
        return  # the next run measures again
