"""What a planned run can reach, before it starts: warnings of too few samples and of days, with options to take."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from steadygan.system.words import counted, duration

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steadygan.data import Dataset
    from steadygan.recipe import Recipe

FEW_SAMPLES = 10_000
"""real samples shown to the critic below which samples are mostly noise at the recipes' own rates: a rule of thumb"""
LONG_SECONDS = 24 * 3600.0
"""length of a run that is warned of"""
_SMALL_SIDE = 32
_MINUTES = (1, 2, 3, 5, 10, 15, 20, 30, 40, 60, 90, 120, 180, 240, 360, 480, 720, 1440)


def samples_seen(recipe: Recipe) -> int:
    """Real samples that critic steps take in the whole run."""
    rounds = recipe.rounds
    if recipe.growth is not None:
        counts = enumerate(recipe.stage_rounds(0, rounds))
        return sum(recipe.growth.batch(level, recipe.batch) * count for level, count in counts) * recipe.steps(0)
    points = min(rounds, 2_000)
    steps = sum(recipe.steps(i * rounds // points) for i in range(points)) * rounds / points
    return round(steps * recipe.batch)


def warnings(recipe: Recipe, dataset: Dataset, seconds: float) -> Iterator[str]:
    """Warnings of a run that can learn nothing and of one that lasts for days; each with what to do.

    Args:
        recipe: with its number of rounds
        dataset: training data
        seconds: expected length of the run
    """
    seen = samples_seen(recipe)
    if seen < FEW_SAMPLES:
        yield _too_few(recipe, dataset, seconds, seen)
    if seconds > LONG_SECONDS:
        yield _too_long(recipe, dataset, seconds)


def _too_few(recipe: Recipe, dataset: Dataset, seconds: float, seen: int) -> str:
    what = _kind(dataset)
    size = (
        ""
        if dataset.train.endless
        else f" ({seen / len(dataset.train):.2g} times the {len(dataset.train):,} there are)"
    )
    needed = seconds * FEW_SAMPLES / max(seen, 1)
    remedies = [f"--minutes {_minutes(needed)}"] if needed < LONG_SECONDS else []
    side = min(dataset.sample.shape[1:] or (0,))  # of pictures, what --data.size sets
    if dataset.sample.is_image and side > _SMALL_SIDE:
        smaller = needed * (_SMALL_SIDE / side) ** 2
        remedies.append(f"--data.size {_SMALL_SIDE} --minutes {_minutes(smaller)}")
    rounds = math.ceil(recipe.rounds * FEW_SAMPLES / max(seen, 1))
    remedies = remedies or [f"--rounds {rounds}"]
    return (
        f"{counted(recipe.rounds, 'round')} see{'s' * (recipe.rounds == 1)} {seen:,} {what}{size}, too few to learn "
        f"from: it takes some {FEW_SAMPLES:,} at least; try {' or '.join(remedies)}"
    )


def _too_long(recipe: Recipe, dataset: Dataset, seconds: float) -> str:
    remedies = ["--minutes 60 (decays move with it)"]
    side = min(dataset.sample.shape[1:] or (0,))  # of pictures, what --data.size sets
    if dataset.sample.is_image and side > _SMALL_SIDE:
        remedies.append(f"--data.size {_SMALL_SIDE}")
    narrow = [
        f"--{player}.width {width // 2}" for player in ("generator", "critic") if (width := _width(recipe, player))
    ]
    if narrow:
        remedies.append(" ".join(narrow))
    return f"this run takes about {duration(seconds)}; for a shorter one: {', '.join(remedies)}"


def _width(recipe: Recipe, player: str) -> int:
    """The width of a player's network where it has such a field that can be halved; else 0."""
    width = getattr(getattr(recipe, player), "width", 0)
    return width if isinstance(width, int) and width >= 32 else 0


def _kind(dataset: Dataset) -> str:
    sample = dataset.sample
    return "pictures" if sample.is_image else "lines" if sample.is_text else "points" if sample.is_points else "samples"


def _minutes(seconds: float) -> int:
    """A round number of minutes that these seconds fit into."""
    return next((minutes for minutes in _MINUTES if minutes * 60 >= 1.1 * seconds), math.ceil(1.1 * seconds / 60))
