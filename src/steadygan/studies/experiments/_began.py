"""BEGAN in studies: its recipe at a scale and a gamma, its balance as logged, the spread of samples."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from steadygan.objectives import BoundaryEquilibrium
from steadygan.recipe import Recipe
from steadygan.recipes import began, began_paper
from steadygan.studies.experiments._trained import unaveraged
from steadygan.types import SampleSpec

if TYPE_CHECKING:
    from steadygan.data import Dataset
    from steadygan.run import Run


@dataclass(frozen=True)
class Scaled:
    """BEGAN at a scale."""

    size: int
    """pixels of a picture set of the user's own"""
    stand_in: int
    rounds: int
    samples: int
    published: bool = False
    """the paper's settings in place of this library's for small pictures"""


def recipe_of(sample: SampleSpec, *, gamma: float | None, published: bool) -> Recipe:
    """BEGAN with a gamma; None: the recipe's own."""
    recipe = unaveraged((began_paper if published else began)(sample))
    assert isinstance(recipe.objective, BoundaryEquilibrium)
    if gamma is None:
        return recipe
    return dataclasses.replace(recipe, objective=dataclasses.replace(recipe.objective, gamma=gamma))


def balance(run: Run) -> float:
    """E L(g) / E L(x) over the second half of the logged rounds, which gamma sets."""
    rows = run.rows[len(run.rows) // 2 :]
    real, fake = (float(np.mean([row[name] for row in rows])) for name in ("real_score", "fake_score"))
    return fake / real


def spread(samples: NDArray[np.uint8], dataset: Dataset) -> float:
    """Standard deviation of pixels over samples, relative to that over training pictures: near 0 all are alike."""
    from steadygan.evaluation.extracting import real_samples

    real = np.asarray(real_samples(dataset, "train", 6_000)[0], dtype=np.float64)
    return float(samples.astype(np.float64).std(axis=0).mean() / real.std(axis=0).mean())


def near(run: Run, name: str, rounds: list[int]) -> list[float]:
    """A logged number at the rows nearest to some rounds."""
    logged: list[dict[str, Any]] = [row for row in run.rows if name in row]
    return [float(min(logged, key=lambda row: abs(row["round"] - at))[name]) for at in rounds]
