"""Running out of memory: one line that names a micro-batch that was tried and fits."""

from __future__ import annotations

import dataclasses
import gc
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from steadygan.errors import RunError

if TYPE_CHECKING:
    from steadygan.recipe import Recipe

_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "failed to allocate")


def is_out_of_memory(error: BaseException) -> bool:
    """Did the device or the host run out of memory?"""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _WORDS)


def release() -> None:
    """Gives cached memory back."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def with_micro_batch(recipe: Recipe, micro_batch: int) -> Recipe:
    """The recipe with another micro-batch."""
    return dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, micro_batch=micro_batch))


def explain(recipe: Recipe, device: str, attempt: Callable[[Recipe], object]) -> RunError:
    """The error for a recipe that ran out of memory; ``attempt`` runs a step of a recipe and may run out again."""
    whole = max(recipe.batch, recipe.fakes)
    now = min(recipe.run.micro_batch or whole, whole)
    text = f"out of memory on {device} with {now} samples at once"
    if recipe.objective.mixes_samples:
        return RunError(f"{text}; this objective compares samples across the batch: take a smaller --batch or width")
    size = now // 2
    while size >= 1:
        release()
        try:
            attempt(with_micro_batch(recipe, size))
        except Exception as error:  # whatever it is, this size is no advice to give
            if not is_out_of_memory(error):
                break
        else:
            return RunError(f"{text}: --run.micro-batch {size} fits here (tried) and sums to the same batch")
        size //= 2
    return RunError(f"{text}, and no micro-batch fits: take a smaller network width or sample size")
