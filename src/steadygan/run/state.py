"""The state of a run: running, finished, interrupted or damaged. Reads little, and no torch."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from steadygan import recipe as recipes
from steadygan.errors import SteadyganError
from steadygan.run import layout
from steadygan.run.checkpoints import read_state
from steadygan.run.owner import is_owned

RunState = Literal["running", "finished", "interrupted", "damaged"]


def run_state(folder: Path) -> RunState:
    """What a run is doing now; needs no code of the user's own that its recipe names.

    'damaged': its recipe or the state of its last checkpoint cannot be read; ``training.checking`` looks at all.
    """
    if is_owned(folder):
        return "running"
    try:
        recipe = recipes.load(folder / layout.RECIPE, leave_own=True)
        saved = layout.list_checkpoints(folder / layout.CHECKPOINTS)
        done = read_state(saved[-1]).round if saved else 0
    except (SteadyganError, OSError):
        return "damaged"
    return "finished" if done >= recipe.rounds else "interrupted"
