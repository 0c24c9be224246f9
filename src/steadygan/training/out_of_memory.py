"""Out-of-memory errors: one line that suggests a micro-batch size which was tried and fits."""

from __future__ import annotations

import dataclasses
import gc
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from steadygan.errors import RunError, UsageError
from steadygan.system.memory import memory_bytes

if TYPE_CHECKING:
    from steadygan.recipe import Recipe
    from steadygan.types import SampleSpec

_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "failed to allocate")


def is_out_of_memory(error: BaseException) -> bool:
    """True if the device or the host ran out of memory."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error).lower() for word in _WORDS)


def release() -> None:
    """Collects garbage and empties the CUDA allocator's cache."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def check_batch(recipe: Recipe, sample: SampleSpec) -> None:
    """Raises UsageError for a batch whose samples and latents alone are larger than the machine's memory."""
    batch = max(recipe.batch, recipe.fakes)
    each = 4 * (2 * math.prod(sample.shape) + recipe.prior.size)
    largest = memory_bytes() // each
    if batch > largest:
        raise UsageError(
            f"a batch of {batch:,} is larger than the memory of this machine ({memory_bytes() / 2**30:,.0f} GiB): "
            f"{each * batch / 2**30:,.0f} GiB for its samples alone; take a smaller --batch"
        )


def with_micro_batch(recipe: Recipe, micro_batch: int) -> Recipe:
    """The recipe with another micro-batch size."""
    return dataclasses.replace(recipe, run=dataclasses.replace(recipe.run, micro_batch=micro_batch))


def explain(recipe: Recipe, device: str, attempt: Callable[[Recipe], object]) -> RunError:
    """The error for a recipe that ran out of memory.

    Args:
        recipe: that ran out
        device: its name
        attempt: runs a step of a recipe with a smaller micro-batch; may run out again
    """
    batch = max(recipe.batch, recipe.fakes)
    tried = min(recipe.run.micro_batch or batch, batch)
    text = f"out of memory on {device} with {tried} samples at once"
    if recipe.objective.mixes_samples:
        return RunError(f"{text}; this objective compares samples across the batch: take a smaller --batch or width")
    size = tried // 2
    while size >= 1:
        release()
        try:
            attempt(with_micro_batch(recipe, size))
        except Exception as error:  # such a size cannot be suggested
            if not is_out_of_memory(error):
                break
        else:
            return RunError(f"{text}: --run.micro-batch {size} fits here (tried) and sums to the same batch")
        size //= 2
    return RunError(f"{text}, and no micro-batch fits: take a smaller network width or sample size")
