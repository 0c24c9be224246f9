"""Commands by which a run that had to stop goes on: each is printed as it is to be typed."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan.run import layout

if TYPE_CHECKING:
    from steadygan.recipe import Recipe


def resume_command(folder: Path) -> str:
    """The command that goes on with a run."""
    return f"steadygan resume {shlex.quote(str(folder))}"


def after_not_finite(folder: Path, recipe: Recipe, precision: str) -> str:
    """Where the last good checkpoint is, and the command that goes on from it at half the rates, or in fp32."""
    rates = [
        f"--{player}-optimizer.lr {optimizer.lr / 2:g}"
        for player, optimizer in (("critic", recipe.critic_optimizer), ("generator", recipe.generator_optimizer))
        if getattr(optimizer, "lr", None)
    ]
    saved = layout.list_checkpoints(folder / layout.CHECKPOINTS)
    options = " ".join(rates) or "--run.precision fp32"
    other = ", or --run.precision fp32 instead" if rates and precision != "fp32" else ""
    if not saved:
        return f"no checkpoint had been saved yet. Try half the rates: {options}{other}"
    command = f"'{resume_command(folder)} {options}'"
    return f"the last good checkpoint is {saved[-1]}. {command} goes on from it{other}"


def out_of_memory(folder: Path, recipe: Recipe) -> str:
    """The command that goes on with half as many samples in a pass."""
    if recipe.objective.mixes_samples:
        return "its objective compares samples across the batch, which allows no parts: train with a smaller --batch"
    half = max(1, (recipe.run.micro_batch or max(recipe.batch, recipe.fakes)) // 2)
    return f"'{resume_command(folder)} --run.micro-batch {half}' goes on with less of it"
