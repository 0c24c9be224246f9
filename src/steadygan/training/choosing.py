"""Which engine a run takes: the one that was asked for, after a look at its gradients, or eager."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from steadygan.training.engine import Eager, Engine, disagreement, make
from steadygan.training.plan import Speed, measure_speed
from steadygan.training.world import ALONE, World
from steadygan.types import SteadyganError, UsageError

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.training.draws import Drawer
    from steadygan.training.feed import Feed
    from steadygan.training.game import Game

TOLERANCE = {"fp32": 1e-3, "tf32": 5e-2, "bf16": 1e-1}
"""relative distance of a parameter's gradient from the eager one above which an engine is not taken"""


class Chosen(NamedTuple):
    """An engine ready to run, the speed with it, and a line on why, or ''."""

    engine: Engine
    speed: Speed
    note: str = ""


class Table(NamedTuple):
    """What an engine is chosen for: the recipe on a device, and what a measurement needs."""

    recipe: Recipe
    build: Callable[[], Game]
    """a fresh game at round 0, the same at each call"""
    feed: Feed
    drawer: Drawer
    speed: Speed
    """of the eager engine"""


def choose_engine(table: Table, world: World = ALONE) -> Chosen:
    """The engine of ``recipe.run.engine``; 'auto' is eager, which is the fastest that was measured on CPUs.

    An engine whose gradients differ from the eager ones, or that cannot be built, is left for eager, with one line.

    Args:
        table: the recipe and its means
        world: the processes that train together; several have eager steps only

    Raises:
        UsageError: for an engine that this device cannot have.
    """
    asked, eager = table.recipe.run.engine, Chosen(Eager(), table.speed)
    if asked in ("auto", "eager"):
        return eager
    if world.size > 1:
        return eager._replace(note=f"engine eager, not {asked}: several processes sum in the middle of a step")
    found = _tried(asked, table)
    return found if isinstance(found, Chosen) else eager._replace(note=f"engine eager, not {asked}: {found}")


def has_compiler() -> bool:
    """Is there a C++ compiler, which compiled steps on a CPU need?"""
    if sys.platform == "win32":
        return shutil.which("cl") is not None
    return any(shutil.which(name) for name in ("g++", "clang++", "c++"))


def _tried(name: str, table: Table) -> Chosen | str:
    """The engine and its speed, or why it is not to be had."""
    try:
        engine = make(name)
        off = disagreement(engine, table.build, table.feed, table.drawer.round(0, 0))
        game = table.build()
        worst = max(off, key=lambda parameter: off[parameter])
        if not off[worst] <= TOLERANCE[game.precision]:
            return f"its gradient of {worst} is off by {off[worst]:.1%}"
        return Chosen(engine, measure_speed(game, table.feed, table.drawer, engine=engine))
    except UsageError:
        raise
    except SteadyganError as error:
        return str(error)
    except Exception as error:  # a compiler's errors are of any kind, and eager can always go on
        lines = str(error).strip().splitlines()
        return f"{type(error).__name__}: {lines[0][:120]}" if lines else type(error).__name__
