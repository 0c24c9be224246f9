"""Commands by which a run that had to stop goes on: each is printed as it is to be typed."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from steadygan.codec import import_path
from steadygan.kinds import Kind
from steadygan.recipe import own_kinds
from steadygan.run import layout

if TYPE_CHECKING:
    from steadygan.recipe import Recipe


def resume_command(folder: Path, kinds: Iterable[Kind] = ()) -> str:
    """The command that goes on with a run; ``kinds`` are those of the user's own in its recipe."""
    named = "".join(f" --kinds {shlex.quote(import_path(kind))}" for kind in kinds)
    return f"steadygan resume {shlex.quote(str(folder))}{named}"


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
    command = f"'{resume_command(folder, own_kinds(recipe))} {options}'"
    return f"the last good checkpoint is {saved[-1]}. {command} goes on from it{other}"


def out_of_memory(folder: Path, recipe: Recipe) -> str:
    """The command that goes on with half as many samples in a pass."""
    if recipe.objective.mixes_samples:
        return "its objective compares samples across the batch, which allows no parts: train with a smaller --batch"
    half = max(1, (recipe.run.micro_batch or max(recipe.batch, recipe.fakes)) // 2)
    return f"'{resume_command(folder, own_kinds(recipe))} --run.micro-batch {half}' goes on with less of it"
