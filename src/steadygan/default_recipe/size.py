"""The size of pictures by measured speed: the largest at which a training sees enough of them in its time."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from steadygan.data import DataOptions
from steadygan.data.images.scan import NEVER_HALVED
from steadygan.data.open import expected_sample
from steadygan.default_recipe.choice import minutes_on
from steadygan.default_recipe.pictures import pictures_on_a_processor
from steadygan.system.words import duration

if TYPE_CHECKING:
    from steadygan.data.images.store import Progress
    from steadygan.types import SampleSpec

ENOUGH = 60_000
"""pictures that a training should see; a goal, with a margin: docs/folders.md shows samples after fewer"""
_MEASURING = 1 / 40  # of the time, for each size
_RESERVE = 1.1
"""times the time of the rounds: a command takes time to start and to judge samples, and no speed is the same twice"""
_SECONDS = 0.5  # of measuring a number of threads
_ROWS = 64  # of the noise that speeds are measured on


class Sized(NamedTuple):
    """Data options with a size, and a line on it where the time is too short for the pictures' own or the named one."""

    options: DataOptions
    reasons: tuple[str, ...] = ()


def with_size(options: DataOptions, device: str, minutes: float | None, progress: Progress | None = None) -> Sized:
    """The options with a smaller size than the pictures' own, if the time is too short for that.

    Of pictures in files, for a default recipe on a processor: the recipe's speed is measured at their size, and at half
    of it, and so on down to 32 px, as long as fewer than 60,000 pictures would be seen. A size that was named stays,
    with a word on the time that it takes.

    Args:
        options: of the data
        device: 'cpu', 'cuda' or 'mps'
        minutes: of training; None: the default recipe's; infinite: no limit
        progress: as of ``open_data``
    """
    time = minutes_on(device) if minutes is None else minutes
    if device == "cuda" or math.isinf(time):
        return Sized(options)
    sample = expected_sample(options, progress)
    if sample is None or min(sample.shape[1:]) <= NEVER_HALVED:
        return Sized(options)
    named = options.size is not None
    size = own = min(sample.shape[1:])
    seen = at_first = pictures_seen(sample, time, device)
    while not named and seen < ENOUGH and size > NEVER_HALVED:
        size = max(NEVER_HALVED, size // 2)
        smaller = expected_sample(dataclasses.replace(options, size=size))
        if size > NEVER_HALVED and smaller is not None:
            seen = pictures_seen(smaller, time, device)
    if at_first >= ENOUGH:
        return Sized(options)
    enough = _rounded_up(_RESERVE * time * ENOUGH / at_first)
    few = f"{_about(at_first)} pictures would be seen in {duration(60 * time)}, and {ENOUGH:,} are wanted"
    if named:
        return Sized(options, (f"at {own} px only about {few}: --minutes {enough}, or a smaller --data.size",))
    why = f"{size} px: at {own} px only about {few} (--data.size {own} --minutes {enough} for that)"
    return Sized(dataclasses.replace(options, size=size), (why,))


def pictures_seen(sample: SampleSpec, minutes: float, device: str) -> float:
    """Pictures of such a shape that the default recipe for a processor sees in a time, by its measured speed.

    Measured with one CPU thread, and with all of them where that decides whether they are enough.
    """
    import torch

    from steadygan.data.dataset import Dataset, Stored
    from steadygan.system.cores import cores
    from steadygan.system.malloc import kept_memory
    from steadygan.system.threads import restored_threads
    from steadygan.training.engines.eager import EAGER
    from steadygan.training.planning.speed import measure_speed
    from steadygan.training.setup import SetupBuilder

    recipe = pictures_on_a_processor(sample)[0]
    recipe = dataclasses.replace(recipe, representation=recipe.representation.fitted(sample))
    noise = np.random.default_rng(0).integers(0, 256, (_ROWS, *sample.shape), dtype=np.uint8)
    data = Dataset("noise", sample, Stored(noise, None), Stored(noise, None), "")
    builder = SetupBuilder(recipe, data, torch.device(device))
    limit = _MEASURING * 60 * minutes

    def seen(threads: int | None) -> float:
        with restored_threads(threads):
            speed = measure_speed(builder.build(), EAGER, budget=min(_SECONDS, limit / 2), limit=limit / 2)
        return 60 * minutes * recipe.batch / speed.typical(recipe)

    with kept_memory():
        if device != "cpu":
            return seen(None)
        threads = min(torch.get_num_threads(), cores())
        with_one = seen(1)
        if threads > 1 and with_one < ENOUGH <= threads * with_one:
            return max(with_one, seen(threads))
        return with_one


def _about(number: float) -> str:
    """Two digits of a number, rounded down: what is below 60,000 is not called 60,000."""
    digits = max(0, math.floor(math.log10(max(number, 1.0))) - 1)
    return f"{math.floor(number / 10**digits) * 10**digits:,}"


def _rounded_up(minutes: float) -> str:
    """Minutes, up to a whole number of fives from ten on."""
    step = 5 if minutes > 10 else 1
    return str(step * math.ceil(minutes / step))
