"""Trainings without a cause of failure: every method on many data sets, at settings near its usual ones."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.doctor.materials import Source
from benchmarks.doctor.points import SETS
from benchmarks.doctor.trainings import ON_IMAGES, ON_POINTS, ON_TEXT, Training, training

_EASY = [name for name in SETS if name != "25gaussians"]
_STEP = 3


def healthy() -> Iterator[Training]:
    """The trainings, each method on six sets of points, on digits and on letters, and on text."""
    for index, recipe in enumerate(ON_POINTS):
        for turn in range(6):
            base = _EASY[(_STEP * index + 5 * turn) % len(_EASY)]
            yield training(recipe, Source(base), _varied(turn), seed=index + turn, mechanism=f"usual{turn}")
    for index, recipe in enumerate(("gan", "wgan", "wgan-gp", "dragan", "r3gan")):
        for turn, base in enumerate(("8gaussians", "moons", "circle", "line")):
            yield training(
                recipe, Source(base), _varied(5 - turn), seed=50 + index + turn, mechanism=f"usual-again{turn}"
            )
    for recipe in ("r3gan", "wgan-gp", "dragan", "gan"):
        yield training(recipe, Source("25gaussians"), {"prior.size": "4"}, mechanism="usual-grid", seed=1, more=1.5)
    for index, recipe in enumerate(ON_IMAGES):
        yield training(recipe, Source("digits"), mechanism="usual", seed=index)
        yield training(recipe, Source("glyphs8"), mechanism="usual", seed=index + 1)
        yield training(recipe, Source("digits"), mechanism="usual-longer", seed=index + 2, more=1.6)
        if recipe in ("gan", "dcgan", "wgan-gp", "dragan"):
            yield training(
                recipe, Source("digits"), {"batch": "48"}, mechanism="usual-again", seed=60 + index, more=1.3
            )
        if index % 2:
            yield training(recipe, Source("glyphs16"), mechanism="usual", seed=index + 3)
        else:
            yield training(recipe, Source("glyphs8"), mechanism="usual-longer", seed=index + 4, more=1.6)
    for index, recipe in enumerate((*ON_TEXT, "text")):
        for turn in range(3):
            yield training(recipe, Source("text"), mechanism=f"usual{turn}", seed=10 * index + turn, more=1 + turn / 2)


def _varied(turn: int) -> dict[str, str]:
    """Harmless differences."""
    changes: list[dict[str, str]] = [
        {},
        {"generator.width": "96"},
        {"critic.depth": "2"} if turn else {},
        {"batch": "64"},
        {"generator.depth": "2"},
        {"prior.size": "4"},
    ]
    return changes[turn]
